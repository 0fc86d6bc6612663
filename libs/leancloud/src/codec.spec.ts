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
