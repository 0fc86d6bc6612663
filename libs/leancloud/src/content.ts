import type { Format, Json, MessageView } from '@hongyan/protocol';

/** A message's body as these clients send and read it: text (JSON for typed messages) or bytes. */
export interface WireBody {
  readonly msg?: string;
  readonly binaryMsg?: Uint8Array;
}

/** A message's body as the domain keeps it. */
export interface NativeBody {
  readonly format: Format;
  readonly type?: string;
  /** Base64 for `binary`. */
  readonly body: string;
}

/** Content of a recalled message. */
export const recalledText = '{"_lctype":-127}';

const family = 'lc:';
/** Text without a type: these clients get it back as it was sent, others as text. */
const plainType = `${family}plain`;

/** The type under which typed messages are kept and found. */
export const typeOf = (lctype: number): string => `${family}${lctype}`;

/**
 * Types to look for so that messages of both families are found: `image` also finds what these clients sent as −2, and
 * the other way round.
 */
export function storedTypes(types: readonly string[]): string[] {
  const found = types.flatMap((type) => {
    const lctype = lctypeOf(type);
    const native = type.startsWith(family) ? mediaTypes[type.slice(family.length)] : undefined;
    return [
      type,
      ...(lctype === undefined ? [] : [typeOf(lctype)]),
      ...(native === undefined ? [] : [native]),
    ];
  });
  return [...new Set(found)];
}

/** What a client of this family sent, to be kept verbatim. */
export function fromWire({ msg, binaryMsg }: WireBody): NativeBody {
  if (binaryMsg !== undefined) {
    const { buffer, byteOffset, byteLength } = binaryMsg;
    return { format: 'binary', body: Buffer.from(buffer, byteOffset, byteLength).toString('base64') };
  }
  const body = msg ?? '';
  const lctype = typedObject(body)?.['_lctype'];
  return typeof lctype === 'number' && Number.isSafeInteger(lctype)
    ? { format: 'json', type: typeOf(lctype), body }
    : { format: 'text', type: plainType, body };
}

/** Is it the content of a recalled message? */
export const isRecalled = ({ type }: NativeBody): boolean => type === typeOf(-127);

/** A message for a reader of this family: verbatim if its sender was of it too, otherwise in its words. */
export function toWire(message: Pick<MessageView, 'format' | 'type' | 'body' | 'recalled'>): WireBody {
  const { format, type, body } = message;
  if (message.recalled) return { msg: recalledText };
  if (format === 'binary') return { binaryMsg: Buffer.from(body, 'base64') };
  if (type?.startsWith(family)) return { msg: body };
  if (format === 'text') return { msg: JSON.stringify({ _lctype: -1, _lctext: body }) };
  return { msg: mediaToWire(type, body) ?? body };
}

/** The same message for a reader that does not know this family. Anything that is not of this family comes back unchanged. */
export function toNative(message: NativeBody): NativeBody & { readonly attributes?: Json } {
  const { format, type, body } = message;
  if (!type?.startsWith(family) || format === 'binary') return message;
  if (type === plainType) return { format: 'text', body };
  const typed = typedObject(body);
  if (typed === undefined) return message;
  const { _lctext, _lcattrs } = typed;
  const attributes = _lcattrs === undefined ? {} : { attributes: _lcattrs as Json };
  const text = typeof _lctext === 'string' ? _lctext : '';
  if (type === typeOf(-1)) return { format: 'text', body: text, ...attributes };
  const kind = mediaTypes[type.slice(family.length)];
  if (kind === undefined) return message;
  const media = kind === 'location' ? locationOf(typed) : fileOf(typed);
  return {
    format: 'json',
    type: kind,
    body: JSON.stringify({ ...media, ...(text === '' ? {} : { text }) }),
    ...attributes,
  };
}

/** Media in the words of native clients: JSON with `url`, `name`, `size` …, or `latitude` and `longitude`. */
const mediaTypes: Readonly<Record<string, string>> = {
  '-2': 'image',
  '-3': 'audio',
  '-4': 'video',
  '-5': 'location',
  '-6': 'file',
};

/** The number of a kind of media. */
function lctypeOf(type: string | undefined): number | undefined {
  const lctype = Object.keys(mediaTypes).find((key) => mediaTypes[key] === type);
  return lctype === undefined ? undefined : Number(lctype);
}

type Fields = Readonly<Record<string, unknown>>;

function typedObject(text: string): Fields | undefined {
  if (!text.startsWith('{') && !text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Fields;
  } catch {
    return undefined; // then it is a text that happens to begin like that
  }
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fileOf({ _lcfile }: Fields): Fields {
  if (!isObject(_lcfile)) return {};
  const { url, name, size, objId, metaData } = _lcfile;
  const id = objId === url ? undefined : objId;
  return defined({ url, name, size, id, ...(isObject(metaData) ? metaData : {}) });
}

function locationOf({ _lcloc }: Fields): Fields {
  return isObject(_lcloc) ? defined({ latitude: _lcloc['latitude'], longitude: _lcloc['longitude'] }) : {};
}

function mediaToWire(type: string | undefined, body: string): string | undefined {
  const lctype = lctypeOf(type);
  const media = lctype === undefined ? undefined : typedObject(body);
  if (media === undefined) return undefined;
  const { text, url, name, size, id = url, latitude, longitude, ...more } = media;
  const metaData = defined({ name, size, ...more });
  // C# fails on a file without an id, and Java looks for all but its address in `metaData`.
  const content =
    type === 'location'
      ? { _lcloc: defined({ latitude, longitude }) }
      : { _lcfile: defined({ url, name, size, objId: id, metaData }) };
  return JSON.stringify({ _lctype: lctype, ...defined({ _lctext: text }), ...content });
}

const defined = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
