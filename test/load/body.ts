/** Message bodies of about 100 bytes that say who sent them, as which of his, when, and whether they are intact. */

const padding =
  'The quick brown fox jumps over the lazy dog, and the dog writes to its friends about it.'.repeat(2);
const contentLength = 92;

export interface Read {
  readonly sender: number;
  /** 1, 2, 3 … of this sender. */
  readonly count: number;
  /** Of `performance.now()`, microseconds. */
  readonly sentAt: number;
}

function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return (value >>> 0).toString(16).padStart(8, '0');
}

export function writeBody(sender: number, count: number): string {
  const head = `${sender},${count},${Math.round(performance.now() * 1000)},`;
  const content = head + padding.slice(0, contentLength - head.length);
  return content + hash(content);
}

/** Undefined: not what was sent. */
export function readBody(body: string): Read | undefined {
  const end = body.length - 8;
  if (end < 8 || hash(body.slice(0, end)) !== body.slice(end)) return undefined;
  const [sender, count, sentAt] = body.split(',', 3);
  return { sender: Number(sender), count: Number(count), sentAt: Number(sentAt) };
}
