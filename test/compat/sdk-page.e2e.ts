import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { needless, pageOf, readUses, reasons, rowsOf, unexplained } from './sdk-page.js';
import { fullVersion, publicMembers } from './sdk-surface.js';

/** `npm run docs:leancloud-sdk` writes the page; each scenario checks what is written of it. */

describe('the page of every call and event', () => {
  it('is as the scenarios were', () => {
    const page = readFileSync(join(process.cwd(), 'docs', 'leancloud', 'sdk.md'), 'utf8');
    expect(page).toBe(pageOf(readUses()));
  });

  it('leaves nothing public out that is neither used nor explained', () => {
    const rows = rowsOf(readUses());
    expect(unexplained(rows)).toEqual([]);
    expect(needless(rows)).toEqual([]);
  });

  it('notices what is missing', () => {
    const rows = rowsOf({});
    const explained = Object.keys(reasons);
    expect(unexplained(rows).length).toBeGreaterThan(300);
    expect(unexplained(rows).some((member) => explained.includes(member.split(' ')[0]!))).toBe(false);
  });

  it('knows the packages', () => {
    expect([fullVersion(5), fullVersion(4)]).toEqual(['5.0.0-rc.8', '4.3.1']);
    for (const version of [5, 4] as const)
      expect(publicMembers(version)).toEqual(
        expect.arrayContaining([
          'IMClient.createConversation',
          'ConversationQuery.find',
          'IMClient:conflict',
          'Realtime:schedule',
        ]),
      );
  });
});
