import { PullError } from './errors.js';
import { type Region, regions } from './types.js';

const suffixes: Readonly<Record<string, Region>> = { gzGzoHsz: 'cn-n1', '9Nh9j0Va': 'cn-e1', MdYXbMMI: 'us' };
const domains: Readonly<Record<Region, string>> = {
  'cn-n1': 'lc-cn-n1-shared.com',
  'cn-e1': 'lc-cn-e1-shared.com',
  us: 'api.lncldglobal.com',
};

/** LeanCloud writes the region behind the last hyphen of most app ids. */
export const regionOf = (appId: string): Region | undefined => suffixes[appId.split('-').at(-1) ?? ''];

export interface Place {
  readonly server: URL;
  readonly region?: Region;
}

/** Where the app's API is: the domain given, else the shared one of the region, which begins with the id's first 8 letters. */
export function findServer(appId: string, given: { server?: string; region?: string }): Place {
  if (given.region !== undefined && !(regions as readonly string[]).includes(given.region))
    throw new PullError('usage', `there is no region ${given.region}: ${regions.join(', ')}`);
  const region = (given.region as Region | undefined) ?? regionOf(appId);
  if (given.server !== undefined) return { server: parseServer(given.server), region };
  if (region === undefined)
    throw new PullError('usage', 'the app id does not tell its region: give --region or --server');
  if (!/^[A-Za-z0-9]{8}/.test(appId)) throw new PullError('usage', `${appId} is no app id of LeanCloud`);
  return { server: new URL(`https://${appId.slice(0, 8).toLowerCase()}.${domains[region]}/`), region };
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

function parseServer(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || !['https:', 'http:'].includes(url.protocol))
    throw new PullError('usage', `${text} is no address of a server`);
  if (url.username !== '' || url.password !== '')
    throw new PullError('usage', 'the address of the server must not hold a name or a password');
  if (url.protocol === 'http:' && !loopback.has(url.hostname))
    throw new PullError('usage', `the master key is not sent in the clear: use https://${url.host}`);
  return new URL('/', url);
}
