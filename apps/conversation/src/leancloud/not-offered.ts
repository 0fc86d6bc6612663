import { z } from 'zod';
import { RestRefusal } from './rest-refusal.js';
import type { Access, LeanCloudRoute } from './route.js';

/** An endpoint of LeanCloud's that answers that it is not offered, and why. */
export const notOffered = (
  method: LeanCloudRoute['method'],
  path: string,
  {
    summary,
    why,
    code,
    access = 'master',
  }: { readonly summary: string; readonly why: string; readonly code: number; readonly access?: Access },
): LeanCloudRoute => ({
  ...{ method, path, summary, access, context: 'conv', status: 200, missing: why, input: z.looseObject({}) },
  run: () => Promise.reject(new RestRefusal(501, code, `Not offered: ${why}.`)),
});
