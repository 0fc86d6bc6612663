import protobuf from 'protobufjs';
import { schemaText } from './schema.js';

/** For tests: the schema as the tests of the codec read it, and a command with every field of every message in it. */
export const schemaRoot = protobuf.parse(schemaText, { keepCase: true }).root;
schemaRoot.resolveAll();

export const messageTypes: readonly protobuf.Type[] = (
  schemaRoot.lookup('push_server.messages2') as protobuf.Namespace
).nestedArray.filter((one) => one instanceof protobuf.Type);

const scalars: Readonly<Record<string, (nth: number) => unknown>> = {
  string: (nth) => `text ${nth} – 你好 🐦`,
  int32: (nth) => (nth % 3 === 0 ? -nth : nth % 3 === 1 ? 0 : 2 ** 31 - nth),
  int64: (nth) => (nth % 2 === 0 ? 1_700_000_000_000 + nth : -nth),
  bool: (nth) => nth % 2 === 0,
  bytes: (nth) => Buffer.from([0, 255, nth]),
};

/** A value of `type` with every field present; `nth` varies the values. */
export function fullMessage(type: protobuf.Type, nth = 1): Record<string, unknown> {
  const entries = type.fieldsArray.map((field, index) => {
    const one = (salt: number) =>
      field.resolvedType instanceof protobuf.Type
        ? fullMessage(field.resolvedType, nth + salt)
        : scalars[field.type]!(nth + index + salt);
    return [field.name, field.repeated ? [one(0), one(1)] : one(0)];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}
