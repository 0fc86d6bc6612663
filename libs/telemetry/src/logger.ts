import { type Logger as PinoLogger, pino } from 'pino';
import { prettyLine } from './pretty-line.js';

/**
 * A structured log. Every line has `what` (a constant that can be searched for) and the ids it is about: `appId`,
 * `client`, `conversation`, `reference` … Never bodies, tokens or keys. info: state changed; warn: degraded but
 * handled; error: somebody should look.
 */
export interface Logger {
  debug(line: LogLine, text?: string): void;
  info(line: LogLine, text?: string): void;
  warn(line: LogLine, text?: string): void;
  error(line: LogLine, text?: string): void;
  /** A logger whose lines all carry these besides. */
  child(bindings: Readonly<Record<string, unknown>>): Logger;
}

export interface LogLine {
  readonly what: string;
  /** An Error, under `err`, is written with its stack. */
  readonly err?: unknown;
  readonly [key: string]: unknown;
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface LoggerOptions {
  readonly level?: LogLevel;
  /** `auto`: readable lines when the output is a terminal, else JSON. */
  readonly format?: 'auto' | 'json' | 'pretty';
  /** Default: standard output. */
  readonly output?: LogOutput;
  readonly name?: string;
}

export interface LogOutput {
  write(line: string): unknown;
  readonly isTTY?: boolean;
}

/** Paths that must never be readable in a log, should somebody hand in a whole object. */
const SECRETS = ['masterKey', 'token', 'authorization', 'secretKey', 'operatorToken', 'body'];

export type { PinoLogger };

/** A pino logger, which is a {@link Logger} too. */
export function createLogger(options: LoggerOptions = {}): PinoLogger {
  const { level = 'info', format = 'auto', output = process.stdout, name } = options;
  const pretty = format === 'pretty' || (format === 'auto' && output.isTTY === true);
  const colour = output.isTTY === true;
  const target = pretty ? { write: (line: string) => void output.write(prettyLine(line, colour)) } : output;
  return pino(
    {
      level,
      base: name === undefined ? {} : { name },
      messageKey: 'text',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS.flatMap((path) => [path, `*.${path}`]), censor: '(hidden)' },
    },
    { write: (line: string) => void target.write(line) },
  );
}

/** Writes nothing. */
export const silentLogger: PinoLogger = pino({ level: 'silent' });
