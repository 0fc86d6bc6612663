export * from './ports.js';
export * from './types.js';
export { Authenticator, type AuthenticatorParts } from './authenticator.js';
export { signLogin } from './login-signature.js';
export { UserVerifier, type UserVerifierOptions } from './user-verifier.js';
export { RevocationList, type RevocationListOptions } from './revocation-list.js';
export { ServerAuthenticator, type ServerCredential, wrongKey } from './server-authenticator.js';
export { type KickOptions, type SessionEnders, kickClient } from './kick-client.js';
export { type BanOptions, type BanStore, banClient, unbanClient } from './ban-client.js';
