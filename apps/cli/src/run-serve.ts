import { fileURLToPath } from 'node:url';
import { loadConfig, standaloneSchema } from '@hongyan/config';
import { createLogger } from '@hongyan/telemetry';
import { untilSignal } from './signals.js';
import { type ServeOptions, pick } from './serve-options.js';

/** Where the build puts the web sample. */
export const sampleFolder = fileURLToPath(new URL('../../../samples/chat', import.meta.url));

/** How much longer than the drain a stop may take before it is forced. */
export const MARGIN_MS = 20_000;

export async function runServe(options: ServeOptions): Promise<number> {
  const { config, warnings } = loadConfig(standaloneSchema, process.env, pick(options));
  const logger = createLogger({ level: config.logLevel, format: config.logFormat });
  for (const warning of warnings) logger.warn({ what: 'config_unknown' }, warning);
  const { serve } = await import('../../standalone/src/index.js');
  const server = await serve(config, logger, { sampleFolder });
  const say = (line: string) => logger.info({ what: 'signal' }, line);
  return untilSignal(() => server.stop(), config.drainSeconds * 1000 + MARGIN_MS, say);
}
