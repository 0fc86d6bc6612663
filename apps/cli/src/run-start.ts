import type { ServeOptions } from './serve-commands.js';
import { runServe } from './run-serve.js';

export interface StartOptions extends ServeOptions {
  readonly demo: boolean;
  readonly demoOnly?: boolean;
}

export function runStart(options: StartOptions): Promise<number> {
  return runServe(options);
}
