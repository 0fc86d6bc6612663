import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@hongyan/telemetry';

/**
 * Nest's own lines in our log: its chatter at debug, and what went wrong as it is once we serve; before, it is thrown
 * as well and told once.
 */
export function nestLog(logger: Logger, serving: () => boolean): LoggerService {
  const line = (message: unknown, rest: unknown[]) => ({
    what: 'nest',
    about: rest.at(-1),
    text: String(message),
  });
  return {
    log: (message: unknown, ...rest: unknown[]) => logger.debug(line(message, rest)),
    verbose: (message: unknown, ...rest: unknown[]) => logger.debug(line(message, rest)),
    debug: (message: unknown, ...rest: unknown[]) => logger.debug(line(message, rest)),
    warn: (message: unknown, ...rest: unknown[]) => logger.warn(line(message, rest)),
    error: (message: unknown, ...rest: unknown[]) =>
      logger[serving() ? 'error' : 'debug'](line(message, rest)),
    fatal: (message: unknown, ...rest: unknown[]) => logger.error(line(message, rest)),
  };
}
