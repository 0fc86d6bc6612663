/** What cannot be tested where the run takes place is skipped with the reason in its name; `npm test` prints those names. */

/** Why a scenario cannot be run here; undefined: it can. */
export type Obstacle = string | undefined;

/** `it`, unless something is in the way. */
export function itUnless(obstacle: Obstacle, title: string, scenario: () => Promise<void>): void {
  if (obstacle === undefined) it(title, scenario);
  else it.skip(withReason(title, obstacle), scenario);
}

/** `describe`, unless something is in the way. */
export function describeUnless(obstacle: Obstacle, title: string, scenarios: () => void): void {
  if (obstacle === undefined) describe(title, scenarios);
  else describe.skip(withReason(title, obstacle), scenarios);
}

const withReason = (title: string, reason: string): string => `${title} [skipped: ${reason}]`;
