import { AppError, type TenantId, asTenantId } from '@hongyan/protocol';
import { newTenantId } from './keys.js';
import type { AppAdministration } from './ports.js';
import type { Tenant } from './types.js';

/** Throws `already_exists` when the id is taken. */
export async function createTenant(
  { store, now }: AppAdministration,
  input: { readonly name: string; readonly id?: TenantId },
): Promise<Tenant> {
  const tenant = { id: input.id ?? asTenantId(newTenantId()), name: input.name, createdAt: now() };
  const { created } = await store.createTenant(tenant);
  if (!created) throw new AppError('already_exists', { detail: `there is a tenant ${tenant.id} already` });
  return tenant;
}
