import './cases/handshake.js';
import './cases/messages.js';
import './cases/reading.js';
import './cases/members.js';
import './cases/rooms.js';
import './cases/clients.js';
import './cases/frames.js';
import { cases, World } from './suite.js';
import type { Target } from './wire.js';

export type { Target } from './wire.js';

export interface Outcome {
  readonly name: string;
  readonly error?: Error;
  readonly ms: number;
}

const caseTimeoutMs = 30_000;

/** Drives a server through the whole protocol. The app must demand signed logins and otherwise be as it is made. */
export async function runConformance(
  target: Target,
  report: (outcome: Outcome) => void = () => undefined,
  only = /./,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name, run } of cases.filter((one) => only.test(one.name))) {
    const world = new World(target);
    const started = performance.now();
    let error: Error | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('took too long')), caseTimeoutMs);
      });
      await Promise.race([run(world), late]);
    } catch (caught) {
      error = caught as Error;
    } finally {
      clearTimeout(timer);
      world.close();
    }
    const outcome = {
      name,
      ms: Math.round(performance.now() - started),
      ...(error === undefined ? {} : { error }),
    };
    outcomes.push(outcome);
    report(outcome);
  }
  return outcomes;
}
