import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { create, createFileRegistry, fromBinary, toBinary, type DescMessage } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import descriptor from 'protobufjs/ext/descriptor.js';
import {
  decodeCommand,
  encodeCommand,
  joinFrame,
  peerIdField,
  readFrame,
  UnparseableFrame,
} from './codec.js';
import { CommandType, commandName, OpType, opName } from './names.js';
import { fullMessage, messageTypes, schemaRoot } from './sample-commands.contract.js';

/** A second implementation of Protocol Buffers, fed with the same schema. */
const schemaFiles = fromBinary(
  FileDescriptorSetSchema,
  descriptor.FileDescriptorSet.encode(
    (schemaRoot as unknown as { toDescriptor(edition: string): object }).toDescriptor('proto2'),
  ).finish(),
);
for (const { messageType } of schemaFiles.file)
  for (const { field } of messageType)
    for (const one of field) if (one.typeName !== '') one.typeName = `.push_server.messages2.${one.typeName}`;
const registry = createFileRegistry(schemaFiles);
const other = (name: string): DescMessage => {
  const found = registry.getMessage(`push_server.messages2.${name}`);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

/** Plain objects → what the second implementation wants (bigint for int64), and back. */
function toOther(type: (typeof messageTypes)[number], value: Record<string, unknown>): object {
  const entries = Object.entries(value).map(([name, given]) => {
    const field = type.fields[name]!;
    const one = (item: unknown) =>
      field.type === 'int64'
        ? BigInt(item as number)
        : field.resolvedType === null
          ? item
          : create(other(field.type), toOther(field.resolvedType as never, item as never) as never);
    return [name, field.repeated ? (given as unknown[]).map(one) : one(given)];
  });
  return Object.fromEntries(entries) as object;
}

const envelope = messageTypes.find(({ name }) => name === 'GenericCommand')!;
const envelopes = messageTypes.flatMap((type) => {
  const holder = envelope.fieldsArray.find(({ type: name }) => name === type.name);
  return holder === undefined ? [] : [[type.name, { cmd: 1, [holder.name]: fullMessage(type) }] as const];
});

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 120, maxLength: 20_000 })),
  int32: fc.integer(),
  int64: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 })),
  bool: fc.boolean(),
  bytes: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
};

/** A message with some of its fields. Lists are not empty: an empty one is as if it had not been sent. */
function anyMessage(type: (typeof messageTypes)[number]): fc.Arbitrary<Record<string, unknown>> {
  const fields = type.fieldsArray.map((field) => {
    const one = field.resolvedType === null ? scalars[field.type]! : anyMessage(field.resolvedType as never);
    return [field.name, field.repeated ? fc.array(one, { minLength: 1, maxLength: 3 }) : one] as const;
  });
  return fc.record(Object.fromEntries(fields), {
    requiredKeys: type.fieldsArray.filter(({ required }) => required).map(({ name }) => name),
  });
}

describe('the codec', () => {
  it.each([...envelopes, ['GenericCommand', fullMessage(envelope)] as const])(
    'agrees with another implementation on %s, in both directions',
    (_name, command) => {
      const theirs = create(other('GenericCommand'), toOther(envelope, command) as never);
      const bytes = encodeCommand(command);
      expect(fromBinary(other('GenericCommand'), bytes)).toEqual(theirs);
      expect(decodeCommand(toBinary(other('GenericCommand'), theirs))).toEqual(command);
    },
  );

  it('agrees with another implementation on whatever a message holds', () => {
    const seen = { long: 0, negative: 0 };
    fc.assert(
      fc.property(anyMessage(envelope), (command) => {
        const theirs = create(other('GenericCommand'), toOther(envelope, command) as never);
        const bytes = encodeCommand(command);
        expect(fromBinary(other('GenericCommand'), bytes)).toEqual(theirs);
        const back = decodeCommand(toBinary(other('GenericCommand'), theirs));
        expect(back).toEqual(command);
        if (bytes.length > 16_384) seen.long += 1;
        if ((back.i ?? 0) < 0 || (back.serverTs ?? 0) < 0) seen.negative += 1;
      }),
      { numRuns: 500 },
    );
    expect(Math.min(seen.long, seen.negative)).toBeGreaterThan(10);
  }, 60_000);

  it.each([1, 42, 43, 126, 127, 128, 129, 16_383, 16_384, 2 ** 21, 200_000])(
    'writes lengths around %i',
    (length) => {
      for (const letter of ['x', 'é', '好', '\u{1f426}'])
        for (const size of [length - 1, length, Math.floor(length / Buffer.byteLength(letter))]) {
          const msg = letter.repeat(size);
          const command = { directMessage: { msg, cid: 'c' }, serverTs: 1_700_000_000_000 };
          const theirs = fromBinary(other('GenericCommand'), encodeCommand(command));
          expect(theirs).toMatchObject({ directMessage: { msg, cid: 'c' }, serverTs: 1_700_000_000_000n });
          expect(decodeCommand(encodeCommand(command))).toEqual(command);
        }
    },
  );

  it('answers bytes that the next command does not write over', () => {
    const first = encodeCommand({ peerId: 'ann' });
    encodeCommand({ peerId: 'bob' });
    expect(decodeCommand(first)).toEqual({ peerId: 'ann' });
  });

  it('leaves out what it does not know, and takes a message that comes in parts as one', () => {
    const known = [
      encodeCommand({ cmd: 2, directMessage: { cid: 'c' } }),
      encodeCommand({ directMessage: { msg: 'hi' } }),
    ];
    const unknown = [
      [0xc0, 0x3e, 0x96, 0x01], // field 1000, a number
      [0xc1, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8],
      [0xc2, 0x3e, 2, 0xff, 0xff],
      [0xc5, 0x3e, 1, 2, 3, 4],
      [0xc3, 0x3e, 0x0b, 0x08, 0x01, 0x0c, 0xc4, 0x3e], // a group with a group in it
      [0x0a, 1, 0x07], // cmd, laid out as a text
    ].map((bytes) => Buffer.from(bytes));
    const bytes = Buffer.concat([unknown[0]!, known[0]!, ...unknown.slice(1), known[1]!]);
    expect(decodeCommand(bytes)).toEqual({ cmd: 2, directMessage: { cid: 'c', msg: 'hi' } });
  });

  it.each([
    ['a number of eleven bytes', [0x08, ...Array<number>(10).fill(0xff), 0x01]],
    ['a number that ends too early', [0x08, 0xff]],
    ['a length beyond the end', [0x22, 5, 0x61]],
    ['a length of more than 32 bits', [0x22, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ['a field beyond its message', [0xc2, 0x06, 1, 0x0a, 0x01, 0x61]],
    ['field number zero', [0x02, 0]],
    ['a group that did not begin', [0x0c]],
    ['a group that ends as another', [0x0b, 0x14]],
    ['a group without an end', [0x0b]],
    ['an unknown layout', [0x0f]],
    ['eight bytes beyond the end', [0xc1, 0x3e, 1]],
    ['no field that is required', [...Buffer.from([0xba, 0x06, 2, 0x08, 1])]],
  ])('refuses %s', (_what, bytes) => {
    expect(() => decodeCommand(Buffer.from(bytes))).toThrow(UnparseableFrame);
  });

  it('covers every message of the schema', () => {
    const reached = new Set<string>();
    const walk = (type: (typeof messageTypes)[number]) => {
      if (reached.has(type.name)) return;
      reached.add(type.name);
      for (const field of type.fieldsArray)
        if (field.resolvedType !== null) walk(field.resolvedType as never);
    };
    walk(envelope);
    expect(messageTypes.map(({ name }) => name).filter((name) => !reached.has(name))).toEqual([]);
  });

  it('has an interface that says the same as the schema for each message', () => {
    const source = readFileSync(join(process.cwd(), 'libs/leancloud/src/messages.ts'), 'utf8');
    const plain = {
      string: 'string',
      int32: 'number',
      int64: 'number',
      bool: 'boolean',
      bytes: 'Uint8Array',
    };
    const wanted = messageTypes.map(({ name, fieldsArray }) => {
      const lines = fieldsArray.map((field) => {
        const type = (plain as Record<string, string>)[field.type] ?? field.type;
        return `  readonly ${field.name}${field.required ? '' : '?'}: ${field.repeated ? `readonly ${type}[]` : type};\n`;
      });
      return `export interface ${name} {\n${lines.join('')}}\n`;
    });
    for (const one of wanted) expect(source).toContain(one);
    expect(source.match(/^export interface/gm)).toHaveLength(wanted.length);
  });

  it('tells what was not sent from zero, false and the empty text, both ways', () => {
    expect(decodeCommand(encodeCommand({ ackMessage: {} }))).toEqual({ ackMessage: {} });
    const zero = { cmd: 0, i: 0, ackMessage: { code: 0, reason: '', t: 0 }, rcpMessage: { read: false } };
    expect(decodeCommand(encodeCommand(zero))).toEqual(zero);
    expect(encodeCommand({}).length).toBe(0);
    expect(encodeCommand({ i: undefined, convMessage: { m: [] } })).toEqual(
      encodeCommand({ convMessage: {} }),
    );
  });

  it('keeps serials that are zero or negative', () => {
    for (const i of [0, -1, -65_535, 65_535]) expect(decodeCommand(encodeCommand({ i })).i).toBe(i);
  });

  it('keeps numbers of commands and operations that it does not know', () => {
    expect(decodeCommand(encodeCommand({ cmd: 99, op: 999 }))).toEqual({ cmd: 99, op: 999 });
  });

  it('takes a peer id that was put in front of the rest', () => {
    const rest = encodeCommand({
      cmd: CommandType.direct,
      service: 2,
      directMessage: { cid: 'c', msg: 'hi' },
    });
    const frame = joinFrame('binary', [peerIdField('安娜'), rest]) as Buffer;
    expect(decodeCommand(frame)).toMatchObject({ peerId: '安娜', directMessage: { msg: 'hi' } });
    expect(readFrame(Buffer.from(joinFrame('base64', [rest]) as string), false)).toEqual(decodeCommand(rest));
  });

  it('answers fuzzed frames with a command or with “unparseable”, and nothing else', () => {
    const full = encodeCommand(fullMessage(envelope));
    const seen = { commands: 0, refused: 0 };
    const read = (data: Uint8Array, isBinary: boolean) => {
      try {
        expect(typeof readFrame(data, isBinary)).toBe('object');
        seen.commands += 1;
      } catch (error) {
        if (!(error instanceof UnparseableFrame)) throw error;
        seen.refused += 1;
      }
    };
    const mutated = fc
      .record({
        at: fc.nat(full.length - 1),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }),
        end: fc.nat(full.length),
      })
      .map(({ at, bytes, end }) => {
        const copy = Buffer.from(full);
        copy.set(bytes.subarray(0, copy.length - at), at);
        return copy.subarray(0, Math.max(end, at));
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), fc.boolean(), (bytes, isBinary) =>
        read(bytes, isBinary),
      ),
      { numRuns: 100_000 },
    );
    expect(seen.commands).toBeGreaterThan(1000);
    expect(seen.refused).toBeGreaterThan(1000);
  }, 60_000);

  it('refuses groups nested without end instead of overflowing the stack', () => {
    expect(() => decodeCommand(Buffer.alloc(1_000_000, 0x0b))).toThrow(UnparseableFrame);
  });
});

describe('the schema next to the one that the clients carry', () => {
  interface Field {
    readonly rule: string;
    readonly type: string;
    readonly name: string;
    readonly id: number;
  }
  interface Carried {
    readonly messages: readonly { name: string; fields: readonly Field[] }[];
    readonly enums: readonly { name: string; values: readonly { name: string; id: number }[] }[];
  }
  /** The SDK builds its messages from an object literal, which is read here instead of being copied. */
  const carried = (): Carried => {
    const source = readFileSync(
      join(process.cwd(), 'node_modules/leancloud-realtime-5/dist/core.js'),
      'utf8',
    );
    const start = source.indexOf('{', source.indexOf(")['import'](") + 1);
    const end = source.indexOf('}).build(', start) + 1;
    return runInNewContext(`(${source.slice(start, end)})`) as Carried;
  };

  it('has the same fields with the same numbers, rules and types', () => {
    const { messages } = carried();
    const enums = new Set(['CommandType', 'OpType', 'StatusType', 'QueryDirection']);
    expect(messages.length).toBeGreaterThan(20);
    for (const { name, fields } of messages) {
      const ours = messageTypes.find((type) => type.name === name)!;
      for (const { rule, type, name: field, id } of fields) {
        const found = ours.fields[field]!;
        const foundRule = found.repeated ? 'repeated' : found.required ? 'required' : 'optional';
        expect([name, field, found.id, foundRule, found.type]).toEqual([
          name,
          field,
          id,
          rule,
          enums.has(type) ? 'int32' : type,
        ]);
      }
    }
  });

  it('has the same names for commands and operations', () => {
    const numbers = Object.fromEntries(
      carried().enums.map(({ name, values }) => [
        name,
        Object.fromEntries(values.map((v) => [v.name, v.id])),
      ]),
    );
    expect(CommandType).toEqual(numbers['CommandType']);
    expect(OpType).toEqual({ ...numbers['OpType'], expire: 56 });
    expect(commandName(CommandType.goaway)).toBe('goaway');
    expect(opName(OpType.members_unshutuped)).toBe('members_unshutuped');
    expect(opName(7777)).toBeUndefined();
  });
});
