import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GeneratedApp, type GeneratedSize, type Row } from '../leancloud-stand-in/generated-app.js';
import { StandIn } from '../leancloud-stand-in/stand-in.js';
import { type CommandEnded, type Launched, launchCommand, runCommand } from './command.js';
import type { TestApp, TestServer } from './server.js';

export interface Report {
  readonly counts: Readonly<
    Record<'conversations' | 'threads' | 'messages' | 'subscribers', Record<string, number>>
  >;
  readonly problems: Record<string, number>;
  readonly problemFiles: readonly string[];
  readonly verification: {
    readonly equal: number;
    readonly messages: number;
    readonly differences: number;
    readonly reported: number;
    readonly different: unknown[];
  };
}

export async function reportOf({ ended }: { ended: Promise<CommandEnded> }): Promise<Report> {
  const { status, text } = await ended;
  const last = text.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{"event":"done"')) throw new Error(`${status}: ${text}`);
  return (JSON.parse(last) as { report: Report }).report;
}

/** An app at the stand-in, and the folders that it goes through. */
export class MovedApp {
  readonly root = mkdtempSync(join(tmpdir(), 'hongyan-import-e2e-'));
  /** What was pulled. */
  readonly shop = join(this.root, 'shop');
  /** Of an installation. */
  readonly data = join(this.root, 'data');

  private constructor(readonly source: StandIn) {}

  static async pulled(size: GeneratedSize): Promise<MovedApp> {
    const moved = new MovedApp(await StandIn.start(new GeneratedApp(size)));
    await moved.pull();
    return moved;
  }

  async close(): Promise<void> {
    await this.source.stop();
    rmSync(this.root, { recursive: true, force: true });
  }

  async pull(): Promise<void> {
    const { url } = this.source;
    await runCommand(
      'leancloud',
      'pull',
      '--out',
      this.shop,
      '--server',
      url,
      '--parallel',
      '16',
      '--max-wait',
      '1',
    );
  }

  /** An app of the id `shop` in the installation, which does not run. */
  async createApp(): Promise<TestApp> {
    const at = ['--data', this.data];
    await runCommand('tenant', 'create', '--name', 'T', '--id', 't', ...at);
    const named = ['--tenant', 't', '--name', 'Shop', '--preset', 'leancloud', '--id', 'shop'];
    const made = await runCommand('app', 'create', ...named, '--json', ...at);
    const { masterKey } = JSON.parse(made) as { masterKey: { current: string } };
    return { id: 'shop', masterKey: masterKey.current };
  }

  importing(app: string, folder: string, ...more: string[]): Launched {
    return launchCommand([
      'leancloud',
      'import',
      '--from',
      this.shop,
      '--app',
      app,
      '--data',
      folder,
      '--json',
      ...more,
    ]);
  }

  /** Ids of a conversation's messages at the source, oldest first. */
  idsOf(conversation: string): string[] {
    const { app } = this.source;
    const ids: string[] = [];
    for (let at = 0; at < app.messages; at += 1) {
      const row = app.message(at);
      if (row?.['to'] === conversation) ids.push(row['msg-id'] as string);
    }
    return ids;
  }

  /** What is not as it should be: every message of the source here once, in order, with its id, time, sender and content. */
  async problemsIn(server: TestServer, app: TestApp): Promise<string[]> {
    const there = this.source.app;
    const expected = new Map<string, Row[]>();
    for (let at = 0; at < there.messages; at += 1) {
      const row = there.message(at);
      if (row === undefined) continue;
      const list = expected.get(row['to'] as string) ?? [];
      list.push(row);
      expected.set(row['to'] as string, list);
    }
    const problems: string[] = [];
    for (const [conversation, rows] of expected) {
      if (there.conversationAt(conversation) < there.services) continue; // broadcasts are among them
      const here = await historyOf(server, app, conversation);
      const shown = here.map(({ id, time, from, body }) => JSON.stringify([id, time, from, body]));
      const inOrder = rows.sort(
        (a, b) =>
          (a['timestamp'] as number) - (b['timestamp'] as number) ||
          ((a['msg-id'] as string) < (b['msg-id'] as string) ? -1 : 1),
      );
      const at = inOrder.findIndex((row, place) => shown[place] !== JSON.stringify(shownOf(row)));
      if (at >= 0) problems.push(`${conversation}: ${shown[at]} instead of ${JSON.stringify(inOrder[at])}`);
      else if (shown.length > inOrder.length)
        problems.push(`${conversation}: ${shown.length} messages instead of ${inOrder.length}`);
    }
    return problems;
  }
}

interface Message {
  readonly id: string;
  readonly time: number;
  readonly from?: string;
  readonly body: string;
  readonly seq: number;
}

/** All messages of a conversation, oldest first, page by page. */
export async function historyOf(server: TestServer, app: TestApp, conversation: string): Promise<Message[]> {
  const all: Message[] = [];
  for (let before = ''; ;) {
    const { body, text } = await server.rest(
      app,
      'GET',
      `/conversations/${conversation}/messages?limit=100${before}`,
    );
    const page = body as { messages?: Message[]; more: boolean };
    if (page.messages === undefined) throw new Error(text);
    all.unshift(...page.messages);
    if (!page.more) return all;
    before = `&before.seq=${page.messages[0]!.seq}`;
  }
}

/** As native readers get it: typed messages as text. The import itself compares contents to the byte. */
const shownOf = (row: Row) => {
  const { _lctype, _lctext } = JSON.parse(row['data'] as string) as { _lctype: number; _lctext?: string };
  return [row['msg-id'], row['timestamp'], row['from'], _lctype === -127 ? '' : _lctext];
};
