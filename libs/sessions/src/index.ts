export * from './ports.js';
export * from './types.js';
export { Authenticator, revokeSessions, type AuthenticatorParts, type Ending } from './authenticator.js';
export { signLogin } from './login-signature.js';
export type { LoginTokensOptions } from './login-token.js';
export { guardedFetch, isPrivateAddress, type GuardedFetchOptions } from './guarded-fetch.js';
export { RevocationList, type RevocationListOptions } from './revocation-list.js';
export { ServerAuthenticator, type ServerCredential } from './server-authenticator.js';
