/** Signals closer together than this are one. */
const echoMs = 500;

/**
 * Waits for Ctrl-C or a service manager's signal, then runs `stop` and answers the exit status. A second signal, or
 * `graceMs` without an end, forces the end: what was acknowledged is on the disk anyway.
 */
export function untilSignal(
  stop: () => Promise<void>,
  graceMs: number,
  say: (line: string) => void,
): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    let heardAt = 0;
    const onSignal = (signal: NodeJS.Signals) => {
      // One Ctrl-C may arrive twice: from the terminal and from the process above.
      const echo = Date.now() - heardAt < echoMs;
      heardAt = Date.now();
      if (stopping && echo) return;
      if (stopping) {
        say('Forced to end.');
        process.exit(signal === 'SIGINT' ? 130 : 143);
      }
      stopping = true;
      say('Stopping (once more to force) …');
      setTimeout(() => {
        say('Not everything ended in time.');
        process.exit(1);
      }, graceMs).unref();
      stop().then(
        () => resolve(0),
        (error: unknown) => {
          say(`The end failed: ${String(error)}`);
          resolve(1);
        },
      );
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}
