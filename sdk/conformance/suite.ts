import { deepStrictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ErrorName } from '@hongyan/protocol';
import { Refused, type Target, Wire } from './wire.js';

/** What a case gets: ids of its own, and connections that are closed after it. */
export class World {
  readonly #wires: Wire[] = [];
  readonly #run = randomUUID().slice(0, 8);

  constructor(readonly target: Target) {}

  /** The id of a client that no other case has. */
  id(name: string): string {
    return `${name}-${this.#run}`;
  }

  op(): string {
    return randomUUID();
  }

  async login(name: string, more: object = {}): Promise<Wire> {
    return this.keep(await Wire.login(this.target, this.id(name), more));
  }

  async open(auth: object): Promise<Wire> {
    return this.keep(await Wire.open(this.target, { v: 1, appId: this.target.app, ...auth }));
  }

  keep(wire: Wire): Wire {
    this.#wires.push(wire);
    return wire;
  }

  /** Clients connected, and one conversation of all of them that the first made. */
  async group<N extends string>(...names: N[]): Promise<{ id: string; wires: Record<N, Wire> }> {
    const wires = {} as Record<N, Wire>;
    for (const name of names) wires[name] = await this.login(name);
    const [first, ...others] = names;
    const { conversation } = await wires[first as N].call('conversation.create', {
      op: this.op(),
      members: others.map((name) => this.id(name)),
    });
    return { id: conversation.id, wires };
  }

  send(
    wire: Wire,
    conversation: string,
    body: string,
    more: object = {},
  ): Promise<{ id: string; seq?: number; duplicate?: boolean }> {
    return wire.call('message.send', { op: this.op(), conversation, body, ...more });
  }

  close(): void {
    for (const wire of this.#wires) wire.close();
  }
}

export interface Case {
  readonly name: string;
  readonly run: (world: World) => Promise<void>;
}

export const cases: Case[] = [];

/** Registers a case. */
export function it(name: string, run: (world: World) => Promise<void>): void {
  cases.push({ name, run });
}

/** The work is refused with this error. */
export async function refuses(name: ErrorName, work: Promise<unknown>): Promise<Refused> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    deepStrictEqual(error.wire.name, name, error.wire.message);
    return error;
  }
  throw new Error(`not refused, though it should be: ${name}`);
}

/** `actual` has at least what `expected` has. */
export function has(actual: unknown, expected: object): void {
  const picked = Object.fromEntries(
    Object.keys(expected).map((key) => [key, (actual as Record<string, unknown> | undefined)?.[key]]),
  );
  deepStrictEqual(picked, expected);
}
