// The page docs/reference/errors.md, from the error table.

const ranges = [
  [1000, 1099, 'Request and server'],
  [1100, 1199, 'Who you are'],
  [1200, 1299, 'Why a session was closed'],
  [1300, 1399, 'Conversations'],
  [1400, 1499, 'Messages'],
  [1500, 1599, 'Queries'],
  [1600, 1699, 'Administration'],
  [2000, 2999, "An app's own hooks"],
];

const intro = `# Errors

Printed from the error table in \`libs/protocol/src/errors.ts\` by \`npm run docs:errors\`; do not edit by hand.

The same error has the same code, name and text at every door. On the native socket it comes as \`{error: {code, name,
message, temporary, retryAfterMs?, reference?, hook?}}\` in an acknowledgement, as the \`data\` of a refused connect, or, as
the reason of a close, in the \`closing\` event. REST answers the HTTP status of the table.

*Temporary* means that the same request may succeed later without being changed; \`retryAfterMs\`, when it is given, says
when. Everything else will be refused again. Codes 900–999 never come from a server: an SDK makes them itself.
`;

/** `table`: name → {code, text, temporary, httpStatus, action}. Throws if a code is outside the ranges. */
export function errorsPage(table) {
  const rows = Object.entries(table).map(([name, definition]) => ({ name, ...definition }));
  rows.sort((a, b) => a.code - b.code);
  const sections = ranges.map(([from, to, title]) => {
    const lines = rows
      .filter(({ code }) => code >= from && code <= to)
      .map(
        ({ code, name, text, temporary, httpStatus, action }) =>
          `| ${code} | \`${name}\` | ${text} | ${temporary ? 'yes' : 'no'} | ${httpStatus} | ${action} |`,
      );
    const head =
      '| code | name | meaning | temporary | HTTP | what a client does |\n|---|---|---|---|---|---|';
    return { count: lines.length, text: `## ${from}–${to}: ${title}\n\n${head}\n${lines.join('\n')}\n` };
  });
  const listed = sections.reduce((sum, { count }) => sum + count, 0);
  if (listed !== rows.length) throw new Error('an error code is outside the ranges');
  return [intro, ...sections.filter(({ count }) => count > 0).map(({ text }) => text)].join('\n');
}
