// How V8 is set for every process of ours that lives long: the same for `npm start`, `npx hongyan`, tests and benchmarks.

export const nodeFlags = [
  // MB of each half of the young generation: what a socket keeps until its next message dies young.
  '--max-semi-space-size=16',
  // The old generation may grow to four times what lived: a full collection costs 50 to 100 ms on one busy core.
  '--heap-growing-percent=300',
];
