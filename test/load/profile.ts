import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reads the CPU profiles that V8 wrote, one per thread, and says what dominates. */

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const shown = 28;
const notWork = new Set(['(idle)', '(root)']);

/** Where a function belongs: a package, one of our folders, or the runtime. */
function placeOf({ functionName, url }: CallFrame): string {
  if (functionName === '(garbage collector)') return 'garbage collector';
  if (functionName === '(program)') return 'native, not told apart';
  const own = /\/(?:dist\/)?((?:apps|libs)\/[^/]+)\//.exec(url);
  if (own !== null) return own[1]!;
  const module = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url);
  if (module !== null) return module[1]!;
  if (url === '') return 'runtime (native)';
  return url.startsWith('node:') ? url.replace(/^(node:(?:internal\/)?[^/]+).*/, '$1') : url;
}

function summarise(profile: Profile): {
  work: number;
  places: Map<string, number>;
  functions: Map<string, number>;
} {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const places = new Map<string, number>();
  const functions = new Map<string, number>();
  let work = 0;
  profile.samples.forEach((sample, at) => {
    const frame = frames.get(sample)!;
    if (notWork.has(frame.functionName)) return;
    const micros = profile.timeDeltas[at]!;
    work += micros;
    const place = placeOf(frame);
    places.set(place, (places.get(place) ?? 0) + micros);
    const file = frame.url.split('/').slice(-2).join('/');
    const name = `${frame.functionName || '(anonymous)'}  ${file}:${frame.lineNumber + 1}`;
    functions.set(name, (functions.get(name) ?? 0) + micros);
  });
  return { work, places, functions };
}

const table = (entries: Map<string, number>, work: number, count: number): string[] =>
  [...entries]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([name, micros]) => `  ${((micros / work) * 100).toFixed(1).padStart(5)} %  ${name}`);

/** One section per thread that worked, the busiest first: shares of the thread's own working time. */
export function profileSummary(folder: string): string {
  const threads = readdirSync(folder)
    .filter((file) => file.endsWith('.cpuprofile'))
    .map((file) => summarise(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile))
    .sort((a, b) => b.work - a.work);
  const all = threads.reduce((sum, { work }) => sum + work, 0);
  return threads
    .filter(({ work }) => work > all * 0.02)
    .map(({ work, places, functions }, at) =>
      [
        `thread ${at + 1}: ${(work / 1e6).toFixed(1)} s of work, ${((work / all) * 100).toFixed(0)} % of all`,
        ...table(places, work, 14),
        '  by function:',
        ...table(functions, work, shown),
      ].join('\n'),
    )
    .join('\n');
}
