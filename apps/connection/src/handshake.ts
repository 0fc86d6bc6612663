import { AppError, asAppId, protocolVersion, type AppId } from '@hongyan/protocol';
import type { Credentials } from '@hongyan/sessions';
import { z } from 'zod';

const word = z
  .string()
  .min(1)
  .max(64)
  .regex(/^\P{Cc}+$/u);

/** What a client hands in with CONNECT. Unknown fields are ignored. */
const handshake = z.object({
  appId: z.string().min(1).max(64),
  /** A JWT made by the app's server. */
  token: z.string().max(8192).optional(),
  /** A token of an earlier `session` event. */
  session: z.string().max(4096).optional(),
  clientId: z.string().max(128).optional(),
  signature: z
    .object({ timestamp: z.number(), nonce: z.string().max(128), signature: z.string().max(128) })
    .optional(),
  deviceId: word.optional(),
  tag: word.optional(),
});

export interface LoginRequest {
  readonly appId: AppId;
  readonly credentials: Credentials;
}

/** Throws `unsupported_version`, `bad_request` or `unauthenticated`. */
export function readHandshake(auth: unknown): LoginRequest {
  const version = (auth as { v?: unknown } | undefined)?.v;
  if (version !== protocolVersion) {
    throw new AppError('unsupported_version', { detail: `This server speaks version ${protocolVersion}.` });
  }
  const parsed = handshake.safeParse(auth);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new AppError('bad_request', { detail: `${path.join('.')}: ${message}` });
  }
  const { appId, token, session, clientId, signature, deviceId, tag } = parsed.data;
  const words = {
    ...(deviceId === undefined ? {} : { device: deviceId }),
    ...(tag === undefined ? {} : { tag }),
  };
  return { appId: asAppId(appId), credentials: credentials() };

  function credentials(): Credentials {
    if (session !== undefined) return { kind: 'session', token: session };
    if (token !== undefined) return { kind: 'jwt', token, ...words };
    if (clientId === undefined) throw new AppError('unauthenticated');
    if (signature !== undefined) return { kind: 'signature', client: clientId, ...signature, ...words };
    return { kind: 'unsigned', client: clientId, ...words };
  }
}
