// How V8 is set for every process of ours that lives long: the same for `npm start`, `npx hongyan`, tests and benchmarks.

/** Halves of the young generation in MB: see docs/decisions/0003. */
export const nodeFlags = ['--max-semi-space-size=16'];
