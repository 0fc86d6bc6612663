import type { Format, JsonObject, MessageView } from '@hongyan/protocol';

/** What a message says: text, a JSON value, or bytes. */
export type Content = string | { readonly json: unknown } | { readonly binary: Uint8Array };

export interface ContentOptions {
  /** Chosen by the app, at most 32 characters; history can be filtered by it. */
  readonly type?: string;
  readonly mentions?: readonly string[];
  readonly mentionAll?: boolean;
}

export interface SendOptions extends ContentOptions {
  /** Id of the message that is answered. */
  readonly replyTo?: string;
  /** Not stored: only for who is online now. */
  readonly transient?: boolean;
  /** Counts as unread for nobody and is not pushed. */
  readonly silent?: boolean;
  /** Rooms: what a slow reader misses first. */
  readonly priority?: 'high' | 'normal' | 'low';
  /** Instead of the app's push content. */
  readonly push?: JsonObject;
  /** An operation id of your own. Sending twice with the same one sends once. */
  readonly op?: string;
  /** Gives up (`timeout`) when there is no acknowledgement after so long, offline time included. Default: never. */
  readonly timeoutMs?: number;
}

export function encode(content: Content): { format: Format; body: string } {
  if (typeof content === 'string') return { format: 'text', body: content };
  if ('json' in content) return { format: 'json', body: JSON.stringify(content.json) };
  let bytes = '';
  for (const byte of content.binary) bytes += String.fromCharCode(byte);
  return { format: 'binary', body: btoa(bytes) };
}

/** The content of a message: a string, the parsed JSON, or bytes. Undefined when it was recalled. */
export function contentOf(message: Pick<MessageView, 'format' | 'body' | 'recalled'>): unknown {
  if (message.recalled) return undefined;
  switch (message.format) {
    case 'text':
      return message.body;
    case 'json':
      return JSON.parse(message.body) as unknown;
    case 'binary':
      return Uint8Array.from(atob(message.body), (character) => character.charCodeAt(0));
  }
}
