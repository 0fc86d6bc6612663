import { isClientId } from '@hongyan/protocol';
import type { AppId, ClientId, TenantId } from '@hongyan/protocol';
import { z } from 'zod';

/** Ids end up in URLs and keys of the store. */
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'an id is 1–64 letters, digits, _ or -');
const name = z.string().trim().min(1).max(255);
const key = z.string().regex(/^[\x21-\x7e]{8,128}$/, 'a key is 8–128 visible ASCII characters');
const settings = z.record(z.string().max(64), z.json());

export const tenantId = id.transform((value) => value as TenantId);
export const appId = id.transform((value) => value as AppId);
export const clientId: z.ZodType<ClientId> = z
  .string()
  .refine(isClientId, 'a client id is 1–64 characters without control characters')
  .transform((value): ClientId => value);

export const createTenantSchema = z.strictObject({ id: tenantId.optional(), name });

export const createAppSchema = z.strictObject({
  tenant: tenantId,
  name,
  preset: z.enum(['native', 'leancloud']).optional(),
  id: appId.optional(),
  key: key.optional(),
  masterKey: key.optional(),
  settings: settings.optional(),
});

export const setAppSchema = z.strictObject({ settings });

export const rotateSchema = z.strictObject({
  which: z.enum(['appKey', 'masterKey']),
  key: key.optional(),
  overlap: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .optional(),
});

export const kickSchema = z.strictObject({
  tag: z.string().min(1).max(64).optional(),
  message: z.string().max(255).optional(),
});

export const onlineSchema = z.strictObject({ clients: z.array(clientId).max(10_000).optional() });

export const backupSchema = z.strictObject({ folder: z.string().min(1).max(4096) });
