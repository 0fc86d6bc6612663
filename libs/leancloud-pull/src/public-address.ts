import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** True for addresses of the public internet: not of this machine, its networks, or a cloud's metadata service. */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

/** A look-up that refuses private addresses at the moment of connecting, so that a name cannot change in between. */
export const publicLookup: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error, found) => {
    if (error !== null) return callback(error, '');
    const refused = found.find(({ address }) => !isPublicAddress(address));
    if (refused !== undefined || found[0] === undefined)
      return callback(new PrivateAddress(`${host} is at a private address`), '');
    if (options.all) return callback(null, found);
    return callback(null, found[0].address, found[0].family);
  });
};

export class PrivateAddress extends Error {
  override readonly name = 'PrivateAddress';
}
