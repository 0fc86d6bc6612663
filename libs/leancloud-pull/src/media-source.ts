import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { Agent, type Response, fetch } from 'undici';
import { onDisk } from './errors.js';
import { PrivateAddress, isPublicAddress, publicLookup } from './public-address.js';

export interface MediaLimits {
  readonly maxBytes: number;
  /** Types as `image/*` or `application/pdf`. */
  readonly types: readonly string[];
  /** For a mirror of one's own only. */
  readonly allowPrivate: boolean;
  readonly timeoutMs: number;
}

export interface Saved {
  readonly bytes: number;
  readonly type: string;
  readonly sha256: string;
}

/** The file is not wanted or will never come; another attempt would not help. */
export class MediaRefused extends Error {
  override readonly name = 'MediaRefused';
}

const REDIRECTS = 3;

/** Downloads from addresses that messages name: nothing of them is trusted, and no credential goes along. */
export class MediaSource {
  private readonly agent: Agent;

  constructor(
    private readonly limits: MediaLimits,
    private readonly signal?: AbortSignal,
  ) {
    this.agent = new Agent({
      connections: 4,
      connect: { timeout: 15_000, ...(limits.allowPrivate ? {} : { lookup: publicLookup }) },
    });
  }

  /** To `path`, which is there only when it is whole. */
  async save(url: string, path: string): Promise<Saved> {
    const deadline = AbortSignal.timeout(this.limits.timeoutMs);
    const signal = this.signal === undefined ? deadline : AbortSignal.any([deadline, this.signal]);
    const response = await this.follow(url, signal);
    const { status } = response;
    if (status !== 200) {
      await response.body?.cancel();
      if (status >= 500 || status === 429) throw new Error(`the server answered ${status}`);
      throw new MediaRefused(`the server answered ${status}`);
    }
    const type = (response.headers.get('content-type') ?? 'application/octet-stream').split(';')[0]!.trim();
    const announced = Number(response.headers.get('content-length') ?? 0);
    if (!this.wants(type) || announced > this.limits.maxBytes) {
      await response.body?.cancel();
      throw new MediaRefused(this.wants(type) ? `${announced} bytes are too many` : `type ${type}`);
    }
    return onDisk(path, () => this.write(response, path, type));
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  private async follow(given: string, signal: AbortSignal): Promise<Response> {
    let url = given;
    for (let hops = 0; hops <= REDIRECTS; hops += 1) {
      const parsed = URL.parse(url);
      if (parsed === null || !['http:', 'https:'].includes(parsed.protocol))
        throw new MediaRefused('no web address');
      const literal = parsed.hostname.replace(/^\[|\]$/g, '');
      if (!this.limits.allowPrivate && /^[\d.]+$|:/.test(literal) && !isPublicAddress(literal))
        throw new MediaRefused(`${literal} is a private address`);
      const response = await fetch(parsed, { dispatcher: this.agent, redirect: 'manual', signal }).catch(
        (error: unknown) => {
          const { cause } = error as Error;
          throw cause instanceof PrivateAddress ? new MediaRefused(cause.message) : error;
        },
      );
      const location = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || location === null) return response;
      await response.body?.cancel();
      url = new URL(location, parsed).href;
    }
    throw new MediaRefused('too many redirects');
  }

  private async write(response: Response, path: string, type: string): Promise<Saved> {
    const temporary = `${path}.tmp`;
    const file = await open(temporary, 'w', 0o600);
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        bytes += chunk.byteLength;
        if (bytes > this.limits.maxBytes) throw new MediaRefused(`more than ${this.limits.maxBytes} bytes`);
        hash.update(chunk);
        await file.writeFile(chunk);
      }
      await file.sync();
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    return { bytes, type, sha256: hash.digest('hex') };
  }

  private wants(type: string): boolean {
    return this.limits.types.some((wanted) =>
      wanted.endsWith('/*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted,
    );
  }
}
