import { lookup as resolve } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Networks that a tenant's URL must not reach: loopback, private, link-local, shared, reserved, multicast. */
const privateNetworks = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv6');

/** IPv4 addresses inside IPv6 (`::ffff:…`) are judged as IPv4. */
export function isPrivateAddress(address: string): boolean {
  return privateNetworks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const refusal = () => new Error('the address is private and this installation does not allow that');

/** Resolves and judges in one step, so that a name cannot point elsewhere between the check and the connection. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) callback(error, '');
    else if (addresses.length === 0 || addresses.some(({ address }) => isPrivateAddress(address)))
      callback(refusal(), '');
    else if (options.all) callback(null, addresses);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  });
};

export interface GuardedFetchOptions {
  readonly allowPrivate: boolean;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Sent by POST, as JSON; absent: GET. */
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Asks a tenant's URL: no private networks, no redirects followed, bounded in time and size; HTTPS unless private is
 * allowed. Answers whatever status came.
 */
export function guardedFetch(url: string, options: GuardedFetchOptions): Promise<Response> {
  return new Promise((succeed, fail) => {
    const target = new URL(url);
    const host = target.hostname.replace(/^\[|\]$/g, '');
    const plain = target.protocol === 'http:';
    if (target.protocol !== 'https:' && !(plain && options.allowPrivate))
      return fail(new Error('only https is allowed'));
    if (!options.allowPrivate && isIP(host) !== 0 && isPrivateAddress(host)) return fail(refusal());
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const request = (plain ? requestHttp : requestHttps)(target, {
      method: body === undefined ? 'GET' : 'POST',
      signal: AbortSignal.timeout(options.timeoutMs),
      agent: false,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.allowPrivate ? {} : { lookup: publicLookup }),
    });
    request.on('error', fail);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('error', fail);
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > options.maxBytes) request.destroy(new Error('the answer is too large'));
      });
      response.on('end', () => {
        // What came in one piece has ended before it could be cut.
        if (bytes > options.maxBytes) return fail(new Error('the answer is too large'));
        const status = response.statusCode ?? 0;
        if (status < 200 || status > 599) fail(new Error(`the answer has status ${status}`));
        else succeed(new Response(withoutBody.has(status) ? null : Buffer.concat(chunks), { status }));
      });
    });
    request.end(body);
  });
}

const withoutBody: ReadonlySet<number> = new Set([204, 205, 304]);
