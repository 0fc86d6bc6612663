import { readFileSync } from 'node:fs';
import { type Uses, usesFile } from './exercise.js';
import { fullVersion, publicMembers, type SdkVersion, sdkVersions } from './sdk-surface.js';

/** docs/leancloud/sdk.md: every public method and event of the SDK, and the scenarios in which it was used. */

/** Why a member is in no scenario. `Class.*` stands for all of a class. */
export const reasons: Readonly<Record<string, string>> = {
  'IMClient.markAllAsRead': 'Only the typings have it; the packages do not.',
  'IMClient:unhandledmessage':
    'Told when a server sends a command that the SDK does not know; this one sends none.',
  'ConversationBase.toJSON': 'Each kind of conversation has its own, see there.',
  'ConversationBase.toFullJSON': 'As above.',
};

export interface Row {
  readonly member: string;
  /** Scenarios by version; `undefined`: the version does not have it. */
  readonly scenarios: ReadonlyMap<SdkVersion, readonly string[] | undefined>;
}

export const readUses = (): Uses => JSON.parse(readFileSync(usesFile, 'utf8')) as Uses;

export function rowsOf(uses: Uses): Row[] {
  const members = new Map(sdkVersions.map((version) => [version, new Set(publicMembers(version))]));
  const all = [...new Set(sdkVersions.flatMap((version) => [...members.get(version)!]))].sort();
  const users = new Map(sdkVersions.map((version) => [version, usersOf(uses[version] ?? {})]));
  return all.map((member) => ({
    member,
    scenarios: new Map(
      sdkVersions.map((version) => [
        version,
        members.get(version)!.has(member) ? (users.get(version)!.get(member) ?? []) : undefined,
      ]),
    ),
  }));
}

function usersOf(scenarios: Uses[string]): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const [scenario, members] of Object.entries(scenarios))
    for (const member of members) users.set(member, [...(users.get(member) ?? []), scenario]);
  return users;
}

/** Members that a version has, that no scenario used, and for which there is no reason. */
export const unexplained = (rows: readonly Row[]): string[] =>
  rows.flatMap(({ member, scenarios }) =>
    [...scenarios].flatMap(([version, list]) =>
      list?.length === 0 && reasons[member] === undefined ? [`${member} (${version})`] : [],
    ),
  );

/** Reasons for what was used, or does not exist. */
export const needless = (rows: readonly Row[]): string[] =>
  Object.keys(reasons).filter((reason) => {
    const row = rows.find(({ member }) => member === reason);
    return row === undefined || [...row.scenarios.values()].some((list) => (list?.length ?? 0) > 0);
  });

const shown = 3;

export function pageOf(uses: Uses): string {
  const rows = rowsOf(uses);
  const names = [...new Set(Object.values(uses).flatMap((scenarios) => Object.keys(scenarios)))].sort();
  const number = new Map(names.map((name, at) => [name, at + 1]));
  const cell = (list: readonly string[] | undefined): string => {
    if (list === undefined) return '';
    if (list.length === 0) return '–';
    const numbers = list.map((name) => number.get(name)!).sort((a, b) => a - b);
    const more = numbers.length > shown ? ` +${numbers.length - shown}` : '';
    return numbers.slice(0, shown).join(', ') + more;
  };
  const line = ({ member, scenarios }: Row) => {
    const cells = sdkVersions.map((version) => cell(scenarios.get(version)));
    return `| \`${member}\` | ${cells.join(' | ')} | ${reasons[member] ?? ''} |`;
  };
  const section = (title: string, wanted: (member: string) => boolean) => [
    `## ${title}`,
    '',
    `| | ${sdkVersions.map(fullVersion).join(' | ')} | |`,
    `|---|${sdkVersions.map(() => '---|').join('')}---|`,
    ...rows.filter(({ member }) => wanted(member)).map(line),
    '',
  ];
  const counts = sdkVersions.map((version) => {
    const has = rows.filter(({ scenarios }) => scenarios.get(version) !== undefined);
    const used = has.filter(({ scenarios }) => scenarios.get(version)!.length > 0);
    return `${fullVersion(version)}: ${used.length} of ${has.length}`;
  });
  return [
    "# Every call and event of LeanCloud's SDK",
    '',
    'Printed by `npm run docs:leancloud-sdk` from a run of `test/compat`: the unmodified packages against a real server. The',
    "members are those of the packages' typings and exports. A number is a scenario (list below) that called the method",
    'itself, or listened to the event and was told of it; an empty cell: this version does not have it.',
    '',
    `Used: ${counts.join('; ')}.`,
    '',
    ...section('Methods and functions', (member) => !member.includes(':')),
    ...section('Events', (member) => member.includes(':')),
    '## Scenarios',
    '',
    ...names.map((name) => `${number.get(name)}. ${name}`),
    '',
  ].join('\n');
}
