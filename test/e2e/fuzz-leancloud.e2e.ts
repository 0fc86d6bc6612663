import { connect } from 'node:net';
import protobuf from 'protobufjs';
import { CommandType, codes, encodeCommand, OpType, type GenericCommand } from '@hongyan/leancloud';
import { RawFrames } from '../../apps/connection/src/leancloud/raw-client.contract.js';
import { schemaRoot } from '../../libs/leancloud/src/sample-commands.contract.js';
import { FuzzInputs } from './fuzz-inputs.js';
import { Harm, seed, wanted } from './fuzz-run.js';
import { Bystanders } from './fuzz-wire.js';
import { pause, type TestApp, TestServer, until } from './server.js';

jest.setTimeout(240_000);

let server: TestServer;
let app: TestApp;
let inputs = 0;
const fuzz = new FuzzInputs(seed);
/** What should not have been answered so; the first few are enough to find the cause. */
const wrong: string[] = [];
/** Ids that exist, so that some commands get far. */
const conversations = ['talk', 'room', 'news'];
const members = ['ann', 'bob', 'cleo', 'fuzz-0'];

beforeAll(async () => {
  console.log(`HONGYAN_FUZZ_SEED=${seed}`);
  server = await TestServer.start({ env: { HONGYAN_LOG_LEVEL: 'error' } });
  const settings = { 'limits.commandsPerSecond': 100_000, 'limits.restPerSecond': 100_000 };
  app = await server.createApp(settings, { preset: 'leancloud' });
  for (const [at, kind] of ['ordinary', 'room', 'system'].entries()) {
    const more = kind === 'ordinary' ? { members } : {};
    const id = conversations[at];
    const made = await server.rest(app, 'POST', '/conversations', { id, kind, ...more });
    expect(made.status).toBe(200);
  }
});
afterAll(() => server.close());

const socketUrl = () => server.url.replace('http', 'ws');
const opening = (peerId: string): GenericCommand => ({
  cmd: CommandType.session,
  op: OpType.open,
  appId: app.id,
  peerId,
  sessionMessage: { ua: 'fuzz', r: false },
});

async function login(peerId: string, subprotocol = 'lc.protobuf2.3'): Promise<RawFrames> {
  const frames = RawFrames.to(socketUrl(), subprotocol);
  await frames.opened;
  const reply = await frames.ask(opening(peerId));
  if (reply.op !== OpType.opened) throw new Error(`no login: ${JSON.stringify(reply)}`);
  return frames;
}

/** Two clients that chat through this door all the time and must not notice anything. */
class Neighbours {
  private sent = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly refused: string[] = [];
  private bob!: RawFrames;

  async start(): Promise<void> {
    const ann = await login('neighbour-a');
    this.bob = await login('neighbour-b', 'lc.proto2base64.3');
    const convMessage = { m: ['neighbour-a', 'neighbour-b'] };
    const started = await ann.ask({ cmd: CommandType.conv, op: OpType.start, convMessage });
    const { cid = '' } = started.convMessage!;
    this.timer = setInterval(() => {
      const msg = `tick ${(this.sent += 1)}`;
      void ann.ask({ cmd: CommandType.direct, directMessage: { cid, msg } }).then(({ ackMessage }) => {
        if (ackMessage?.uid === undefined || ackMessage.code !== undefined)
          this.refused.push(JSON.stringify(ackMessage));
      });
    }, 100).unref();
  }

  async finish(): Promise<void> {
    clearInterval(this.timer);
    const heard = () => this.bob.received.flatMap(({ directMessage }) => directMessage?.msg ?? []);
    await until(() => heard().length >= this.sent, 'the neighbour heard everything');
    expect(this.refused).toEqual([]);
    expect(heard()).toEqual(Array.from({ length: this.sent }, (_, at) => `tick ${at + 1}`));
  }
}

// ── inputs ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const envelope = schemaRoot.lookupType('push_server.messages2.GenericCommand');
const odd = [0, -1, 1, 100, 2 ** 31 - 1, -(2 ** 31)];

function text(): string {
  const draw = fuzz.next();
  if (draw < 0.3) return fuzz.pick(conversations);
  if (draw < 0.5) return fuzz.pick(members);
  if (draw < 0.8) return JSON.stringify(fuzz.value()).toWellFormed();
  return draw < 0.99 ? fuzz.text().toWellFormed() : 'x'.repeat(fuzz.below(70_000));
}

function value(field: protobuf.Field, depth: number): unknown {
  if (field.resolvedType instanceof protobuf.Type) return message(field.resolvedType, depth + 1);
  if (field.resolvedType instanceof protobuf.Enum) return fuzz.pick(Object.values(field.resolvedType.values));
  if (field.type === 'bool') return fuzz.next() < 0.5;
  if (field.type === 'bytes') return fuzz.bytes(50);
  if (field.type === 'string') return text();
  return fuzz.next() < 0.5 ? fuzz.pick(odd) : Date.now() - fuzz.below(100_000);
}

function message(type: protobuf.Type, depth = 0): Record<string, unknown> {
  const chosen = type.fieldsArray.filter((field) => field.required || fuzz.next() < (depth === 0 ? 0 : 0.35));
  const drawn = chosen.map((field) => {
    const one = () => value(field, depth);
    return [field.name, field.repeated ? Array.from({ length: fuzz.below(4) }, one) : one()] as const;
  });
  return Object.fromEntries(drawn);
}

const bodies = envelope.fieldsArray.filter(({ resolvedType }) => resolvedType instanceof protobuf.Type);
const { session, conv, direct, ack, logs, read, patch, blacklist, error } = CommandType;
const bodyOf = new Map<number, string>([
  [session, 'sessionMessage'],
  [conv, 'convMessage'],
  [direct, 'directMessage'],
  [ack, 'ackMessage'],
  [logs, 'logsMessage'],
  [read, 'readMessage'],
  [patch, 'patchMessage'],
  [blacklist, 'blacklistMessage'],
]);
const operations: readonly number[] = Object.values(OpType);
/** Those that the protocol knows, so that most commands get further than their name. */
const fitting = new Map<number, readonly number[]>([
  [session, [OpType.query, OpType.refresh]],
  [patch, [OpType.modify, OpType.modified]],
  [blacklist, [OpType.block, OpType.unblock, OpType.query, OpType.check_block]],
  [
    conv,
    [
      ...[OpType.start, OpType.query, OpType.update, OpType.add, OpType.remove, OpType.mute, OpType.unmute],
      ...[OpType.count, OpType.members, OpType.is_member, OpType.max_read, OpType.member_info_update],
      ...[OpType.add_shutup, OpType.remove_shutup, OpType.query_shutup, OpType.check_shutup],
    ],
  ],
]);
/** They end the session or need none: drawn elsewhere. */
const ending = new Set<number>([OpType.open, OpType.close]);

/** A command of the schema, with its own body or a wrong one; operations that fit are drawn more often. */
function command(): GenericCommand {
  const cmd = fuzz.pick([conv, conv, conv, direct, logs, read, ack, patch, blacklist, session, error, 77]);
  const name = fuzz.next() < 0.9 ? bodyOf.get(cmd) : fuzz.pick(bodies).name;
  const field = bodies.find((one) => one.name === name);
  const drawn = fuzz.pick(fuzz.next() < 0.85 ? (fitting.get(cmd) ?? operations) : operations);
  const op = cmd === session && ending.has(drawn) ? OpType.query : drawn;
  const body = field === undefined ? {} : { [field.name]: message(field.resolvedType as protobuf.Type, 1) };
  return { cmd, ...(fuzz.next() < 0.95 ? { op } : {}), ...body };
}

/** Bytes of a command that lost some, got some, or had some changed. */
function spoilt(): Buffer {
  const bytes = encodeCommand({ ...command(), i: 1 });
  const draw = fuzz.below(4);
  if (draw === 0) return bytes.subarray(0, fuzz.below(bytes.length));
  if (draw === 1) return Buffer.concat([bytes, fuzz.bytes(20)]);
  if (draw === 2) return fuzz.bytes(300);
  for (let n = 0; n < 3; n += 1) bytes[fuzz.below(bytes.length)] = fuzz.below(256);
  return bytes;
}

// ── ways in ────────────────────────────────────────────────────────────────────────────────────────────────────────

const known = new Set<number>(Object.values(codes));

/** The refusal in a reply must be one of the table, and none of ours that says “look into the log”. */
function judge(asked: GenericCommand, reply: GenericCommand): number {
  const { code, detail = '' } = (reply.errorMessage ?? { code: reply.ackMessage?.code }) as {
    code?: number;
    detail?: string;
  };
  if (code === undefined) return 0;
  if (!known.has(code) || detail.startsWith('reference '))
    wrong.push(`${JSON.stringify(asked).slice(0, 400)}: ${JSON.stringify(reply).slice(0, 300)}`);
  return code;
}

/** Commands that the schema allows: every one is answered with its serial. */
async function commands(count: number): Promise<Map<number, number>> {
  const answers = new Map<number, number>();
  const each = Math.ceil(count / 20);
  await Promise.all(
    Array.from({ length: 20 }, async (_, at) => {
      const frames = await login(`fuzz-${at}`, at % 4 === 0 ? 'lc.proto2base64.3' : 'lc.protobuf2.3');
      for (let done = 0; done < each; done += 50) {
        const asked = Array.from({ length: 50 }, command);
        const replies = await Promise.all(asked.map((one, n) => frames.ask(one, done + n + 10)));
        inputs += asked.length;
        for (const [n, reply] of replies.entries()) {
          const code = judge(asked[n]!, reply);
          answers.set(code, (answers.get(code) ?? 0) + 1);
        }
        frames.received.length = 0;
      }
      if (frames.closed !== undefined) throw new Error(`a session ended: ${JSON.stringify(frames.closed)}`);
      frames.socket.terminate();
    }),
  );
  return answers;
}

/** Frames that are none: answered, or the connection is closed with 4114; then another comes. */
async function brokenFrames(count: number): Promise<void> {
  const closed = new Map<number, number>();
  await Promise.all(
    Array.from({ length: 20 }, async (_, at) => {
      for (let sent = 0; sent < count / 20;) {
        const base64 = fuzz.next() < 0.3;
        const frames = RawFrames.to(socketUrl(), base64 ? 'lc.proto2base64.3' : 'lc.protobuf2.3');
        await frames.opened;
        if (fuzz.next() < 0.5) frames.send({ ...opening(`broken-${at}`), i: 1 });
        for (let n = 0; n < 50 && frames.closed === undefined; n += 1) {
          const bytes = spoilt();
          frames.raw(base64 && n % 5 !== 0 ? bytes.toString(n % 7 === 0 ? 'latin1' : 'base64') : bytes);
          sent += 1;
          inputs += 1;
          if (n % 10 === 9) await pause(1);
        }
        await until(() => frames.closed !== undefined, 'it is closed', 200).catch(() => undefined);
        const { code } = frames.closed ?? { code: 0 };
        closed.set(code, (closed.get(code) ?? 0) + 1);
        for (const reply of frames.received.filter(({ i }) => i !== undefined)) judge({}, reply);
        frames.socket.terminate();
      }
    }),
  );
  expect(closed.get(codes.UNPARSEABLE_RAW_MESSAGE)).toBeGreaterThan(10);
  // Text frames that are no UTF-8 are WebSocket's own affair.
  expect([...closed.keys()].filter((code) => ![0, 4114, 4116, 1007].includes(code))).toEqual([]);
}

/** Bytes against the rules of WebSocket, or after no upgrade at all. */
async function rawSockets(count: number): Promise<void> {
  const upgrade =
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: lc.protobuf2.3\r\n\r\n';
  const huge = Buffer.from([0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]);
  for (let at = 0; at < count; at += 50) {
    const group = Array.from({ length: 50 }, async (_, index) => {
      const socket = connect({ port: server.port, host: '127.0.0.1' });
      socket.on('error', () => undefined);
      const broken = index % 5 === 0;
      socket.write(broken ? upgrade.replace('lc.protobuf2.3', fuzz.pick(['lc.x', '', 'é'])) : upgrade);
      await new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
      for (let part = 0; part < 5; part += 1) socket.write(index % 20 === 0 ? huge : fuzz.frame());
      inputs += 5;
      await pause(20);
      socket.destroy();
    });
    await Promise.all(group);
  }
}

/** The HTTP calls of this door: a refusal is a code of the table and a text. */
async function httpCalls(count: number): Promise<void> {
  const paths = ['/v1/route', '//v1/route', '/2/route', '/1.1/rtm/notifications', '/1.1/rtm/sign'];
  paths.push('/1.1/classes/_ConversationMemberInfo', '/1.2/rtm/clients/sign', '/1.1/rtm/%00', '/v1/route/..');
  for (let at = 0; at < count; at += 20) {
    const group = Array.from({ length: 20 }, async () => {
      const some = () => encodeURIComponent(text().slice(0, 500).toWellFormed());
      const query = `?appId=${fuzz.pick([app.id, some()])}&client_id=${some()}&where=${some()}&start_ts=${some()}`;
      const method = fuzz.pick(['GET', 'GET', 'POST', 'OPTIONS', 'DELETE']);
      const response = await fetch(server.url + fuzz.pick(paths) + query, {
        method,
        headers: {
          'x-lc-id': fuzz.pick([app.id, 'nobody']),
          'x-lc-key': 'k',
          'x-lc-im-session-token': fuzz.pick(['', 'a.b.c', 'x'.repeat(3_000)]),
          'content-type': 'application/json',
        },
        ...(method === 'POST'
          ? { body: fuzz.next() < 0.5 ? JSON.stringify(fuzz.value()) : fuzz.text() }
          : {}),
      });
      const body = await response.text();
      inputs += 1;
      if (response.status >= 500) wrong.push(`${method} ${query.slice(0, 200)}: ${response.status} ${body}`);
    });
    await Promise.all(group);
  }
}

/** Logins that must fail, on one connection. */
async function badLogins(count: number): Promise<void> {
  const type = schemaRoot.lookupType('push_server.messages2.SessionCommand');
  for (let done = 0; done < count; done += 100) {
    const frames = RawFrames.to(socketUrl());
    await frames.opened;
    for (let n = 0; n < 100; n += 1) {
      const sessionMessage = { ...message(type, 1), st: fuzz.next() < 0.7 ? text() : undefined };
      const bad = { ...opening(text()), appId: fuzz.next() < 0.7 ? app.id : text(), sessionMessage };
      judge(bad, await frames.ask(bad));
      inputs += 1;
    }
    frames.socket.terminate();
  }
}

it(`answers or cuts off ${wanted} bad frames, and nobody else notices`, async () => {
  const [native, neighbours] = [new Bystanders(), new Neighbours()];
  await native.start(server, app);
  await neighbours.start();
  await commands(2_000);
  const harm = new Harm(server);
  harm.look();
  await rawSockets(1_000);
  await badLogins(2_000);
  await httpCalls(2_000);
  await brokenFrames(20_000);
  await commands(Math.max(10_000, (wanted - inputs) / 2));
  harm.look();
  const answers = await commands(Math.max(10_000, wanted - inputs));
  await native.finish();
  await neighbours.finish();
  harm.expectNone(inputs, native.slowestMs);
  console.log(JSON.stringify(Object.fromEntries(answers)));
  expect(wrong.slice(0, 5)).toEqual([]);
  // Some got through, and refusals of many kinds were among the answers.
  for (const code of [0, 4301, 4303, 4401]) expect(answers.get(code)).toBeGreaterThan(0);
});
