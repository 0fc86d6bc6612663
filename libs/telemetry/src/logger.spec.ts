import { type LoggerOptions, createLogger } from './logger.js';

function logged(options: LoggerOptions, isTTY = false) {
  const lines: string[] = [];
  const logger = createLogger({ ...options, output: { write: (line) => lines.push(line), isTTY } });
  return { lines, logger };
}

describe('the logger', () => {
  it('writes JSON lines with what, level, time and ids', () => {
    const { lines, logger } = logged({ name: 'standalone' });
    logger.child({ appId: 'a' }).info({ what: 'server_started', port: 1 }, 'Serving');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      name: 'standalone',
      what: 'server_started',
      appId: 'a',
      port: 1,
      text: 'Serving',
      time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
  });

  it('writes nothing below its level', () => {
    const { lines, logger } = logged({ level: 'warn' });
    logger.info({ what: 'x' });
    expect(lines).toEqual([]);
  });

  it('writes errors with their stack, and no secret', () => {
    const { lines, logger } = logged({});
    logger.error({
      what: 'failed',
      err: new Error('boom'),
      masterKey: 'm',
      app: { masterKey: 'm', token: 't' },
    });
    expect(lines[0]).toContain('boom');
    expect(lines[0]).toContain('logger.spec');
    expect(lines[0]).not.toMatch(/"[mt]"/);
  });

  it('writes one readable line on a terminal', () => {
    const { lines, logger } = logged({}, true);
    logger.info({ what: 'server_started', port: 7788 }, 'Serving');
    // eslint-disable-next-line no-control-regex
    const plain = lines.join('').replaceAll(/\u001b\[\d+m/g, '');
    expect(plain).toMatch(/^\d\d:\d\d:\d\d info {2}Serving server_started port=7788\n$/);
  });

  it('leaves out colours where they are not wanted', () => {
    const { lines, logger } = logged({ format: 'pretty' });
    logger.warn({ what: 'slow' });
    expect(lines.join('')).toMatch(/^\d\d:\d\d:\d\d warn {2}slow\n$/);
  });
});
