import { rssBytes } from '../load/process-figures.js';
import type { TestServer } from './server.js';

/** How many inputs a run has at least, and where its randomness begins: a failure is found again with its seed. */
export const wanted = Number(process.env['HONGYAN_FUZZ_INPUTS'] ?? 100_000);
export const seed = Number(process.env['HONGYAN_FUZZ_SEED'] ?? Date.now() % 1e9);

/** Caches of the store fill and level off below 400 MB, however many inputs come (369 MB after 250,000). */
const allowedMemory = 512 * 1024 * 1024;

/** What a run of bad inputs does to a server. */
export class Harm {
  /** Resident bytes, at each look. */
  private readonly memory: number[] = [];

  constructor(private readonly server: TestServer) {}

  look(): void {
    this.memory.push(rssBytes(this.server.pid));
  }

  /** After the last input: prints the figures, and throws unless the server is well. */
  expectNone(inputs: number, slowestMs: number): void {
    this.look();
    const figures = this.memory.map((bytes) => `${Math.round(bytes / 2 ** 20)} MB`).join(', ');
    console.log(`${inputs} inputs; memory ${figures}; slowest bystander ${Math.round(slowestMs)} ms`);
    expect(inputs).toBeGreaterThanOrEqual(wanted);
    expect(this.server.alive).toBe(true);
    expect(this.server.output).toBe('');
    expect(this.memory.at(-1)).toBeLessThan(allowedMemory);
  }
}
