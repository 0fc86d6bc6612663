import { performance } from 'node:perf_hooks';

/** Something in the demo did not happen as promised. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

const STEP_TIMEOUT_MS = 15_000;

/** Colours for terminals; none elsewhere. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  dim(text: string): string;
  strong(text: string): string;
}

export function paintFor(
  output: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const colours = output.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const paint = (code: string) => (text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { good: paint('32'), bad: paint('31'), dim: paint('2'), strong: paint('1') };
}

/** Where the demo shows what happens, step by step, with the time each took. */
export class Stage {
  private readonly startedAt = performance.now();

  constructor(
    private readonly write: (text: string) => void,
    private readonly paint: Paint,
  ) {}

  /** One step; `told` says what came of it. A step that fails or hangs ends the demo. */
  async step<T>(title: string, work: () => Promise<T>, told: (result: T) => string = () => ''): Promise<T> {
    const started = performance.now();
    try {
      const result = await inTime(work());
      const took = ms(performance.now() - started);
      this.write(
        `  ${this.paint.good('✓')} ${title.padEnd(WIDTH)} ${this.paint.dim(took.padStart(8))}  ${told(result)}\n`,
      );
      return result;
    } catch (error) {
      this.write(`  ${this.paint.bad('✗')} ${title}\n`);
      throw new DemoError(
        `the demo failed at "${title}": ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
  }

  say(text: string): void {
    this.write(`${text}\n`);
  }

  get elapsed(): string {
    return ms(performance.now() - this.startedAt);
  }
}

const WIDTH = 38;

/** A time as people read it. */
export const ms = (time: number): string =>
  time < 10
    ? `${time.toFixed(1)} ms`
    : time < 10_000
      ? `${Math.round(time)} ms`
      : `${(time / 1000).toFixed(1)} s`;

function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`nothing happened for ${STEP_TIMEOUT_MS / 1000} s`)),
      STEP_TIMEOUT_MS,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
