import type { Receiver } from './delivery-checker.js';
import type { BenchServer } from './servers.js';

/** One client of a workload, whatever it speaks. */
export interface TrafficClient {
  /** Answers the id of a new conversation with these others. */
  create(kind: 'ordinary' | 'room', members: readonly string[]): Promise<string>;
  /** Of a room. */
  join(conversation: string): Promise<void>;
  /** `answered` gets what was wrong, if anything. */
  send(conversation: string, body: string, answered: (problem?: string) => void): void;
  /** What arrived and was read up to the last message, as the SDKs report it. */
  report(conversation: string, receiver: Receiver, problem: (text: string) => void): void;
  close(): void;
}

export interface TrafficClientOptions {
  readonly server: BenchServer;
  readonly name: string;
  readonly onPush: (packet: Buffer) => void;
  readonly onClose: (reason: string) => void;
}

let operations = 0;
/** Time-ordered, as the SDK makes them. */
export const newOperation = (): string =>
  `${Date.now().toString(36)}-${(operations += 1).toString(36).padStart(10, '0')}`;
