const everyMs = 50;

/** Asks until it is so. What is asked may throw meanwhile; the last reason is told when time is up. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  patienceMs = 20_000,
): Promise<void> {
  const end = Date.now() + patienceMs;
  let reason: unknown;
  while (Date.now() < end) {
    try {
      if (await isSo()) return;
      reason = undefined;
    } catch (error) {
      reason = error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error(`not in time: ${what}`, { cause: reason });
}
