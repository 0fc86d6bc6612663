import protobuf from 'protobufjs';
import { schemaText } from './schema.js';

/** What the bytes of a field mean. */
export type Kind = 'string' | 'bytes' | 'bool' | 'int32' | 'int64' | 'message';

/** How a value is laid out, in the low three bits of what stands before it. */
const varintLayout = 0;
const lengthLayout = 2;

export interface FieldShape {
  readonly name: string;
  readonly kind: Kind;
  readonly repeated: boolean;
  /** What stands before each value: the field's number and its layout. */
  readonly tag: number;
  /** Of messages. */
  readonly message: MessageShape | undefined;
}

/** A message of the schema, made for reading and writing. */
export class MessageShape {
  readonly byName = new Map<string, FieldShape>();
  /** At the field's number. */
  readonly byNumber: (FieldShape | undefined)[] = [];
  /** Names of fields that must be there. */
  readonly required: string[] = [];
}

const shapes = new Map<string, MessageShape>();

function shapeOf(type: protobuf.Type): MessageShape {
  const known = shapes.get(type.name);
  if (known !== undefined) return known;
  const shape = new MessageShape();
  shapes.set(type.name, shape);
  for (const field of type.fieldsArray) {
    const { name, id, repeated, required } = field;
    const message = field.resolvedType instanceof protobuf.Type ? shapeOf(field.resolvedType) : undefined;
    const kind = message === undefined ? (field.type as Kind) : 'message';
    const layout = kind === 'bool' || kind === 'int32' || kind === 'int64' ? varintLayout : lengthLayout;
    // Lists of numbers have a layout of their own; the schema has none.
    if (repeated && layout === varintLayout) throw new TypeError(`${type.name}.${name} is a list of numbers`);
    const found = { name, kind, repeated, tag: (id << 3) | layout, message };
    shape.byName.set(name, found);
    shape.byNumber[id] = found;
    if (required) shape.required.push(name);
  }
  return shape;
}

const { root } = protobuf.parse(schemaText, { keepCase: true });
root.resolveAll();

/** The envelope of everything that travels. */
export const envelope = shapeOf(root.lookupType('push_server.messages2.GenericCommand'));
