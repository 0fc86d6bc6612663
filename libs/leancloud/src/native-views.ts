import type {
  Args,
  ConversationResult,
  EntryView,
  MessageView,
  OperationName,
  Result,
  ServerEvent,
} from '@hongyan/protocol';
import { storedTypes, toNative } from './content.js';
import { isObject } from './values.js';

/**
 * What the native doors tell their readers: typed messages of these clients as text and media. Whatever holds no such
 * message is the same object again.
 */

/** A message for native readers. Recalled ones have no content to translate. */
export function nativeMessage(message: MessageView): MessageView {
  if (message.recalled) return message;
  const native = toNative(message);
  if (native === message) return message;
  const { type: _, ...rest } = message;
  const { format, type, body, attributes } = native;
  return {
    ...rest,
    format,
    ...(type === undefined ? {} : { type }),
    body,
    ...(isObject(attributes) ? { attributes: attributes } : {}),
  };
}

/** An event for native readers. */
export function nativeEvent(event: ServerEvent): ServerEvent {
  if (event.type === 'transient') return withMessage(event);
  if (event.type !== 'entry') return event;
  const entry = nativeEntry(event.entry);
  return entry === event.entry ? event : { ...event, entry };
}

/** What native readers ask for: a type of media is found in the words of either family. */
export function nativeArgs<N extends OperationName>(name: N, args: Args<N>): Args<N> {
  if (name !== 'message.history') return args;
  const { types } = args as Args<'message.history'>;
  return types === undefined ? args : { ...args, types: storedTypes(types) };
}

/** What an operation answered, for native readers. */
export function nativeResult<N extends OperationName>(name: N, result: Result<N>): Result<N> {
  const translate: ((result: Result<N>) => Result<N>) | undefined = translations[name];
  return translate === undefined ? result : translate(result);
}

const nativeEntry = (entry: EntryView): EntryView => ('message' in entry ? withMessage(entry) : entry);

function withMessage<T extends { readonly message: MessageView }>(holder: T): T {
  const message = nativeMessage(holder.message);
  return message === holder.message ? holder : { ...holder, message };
}

const withMessages = <T extends { readonly messages: readonly MessageView[] }>(page: T): T => ({
  ...page,
  messages: page.messages.map(nativeMessage),
});

const withLastMessage = <T extends Pick<ConversationResult, 'lastMessage'>>(row: T): T =>
  row.lastMessage === undefined ? row : { ...row, lastMessage: nativeMessage(row.lastMessage) };

const withRows = <R extends Pick<ConversationResult, 'lastMessage'>, T extends { readonly items: readonly R[] }>(
  page: T,
): T => ({ ...page, items: page.items.map(withLastMessage) });

/** Every operation that answers with messages. A spec holds it to the document of the server API. */
const translations: { readonly [N in OperationName]?: (result: Result<N>) => Result<N> } = {
  'conversation.get': withLastMessage,
  'conversation.query': withRows,
  'conversation.list': withRows,
  'conversation.sync': withRows,
  'conversation.entries': (page) => ({ ...page, entries: page.entries.map(nativeEntry) }),
  'message.edit': withMessage,
  'message.get': withMessages,
  'message.history': withMessages,
  'message.timeline': withMessages,
  'room.join': withMessages,
};

/** Names of the operations whose answers hold messages. */
export const operationsWithMessages: ReadonlySet<string> = new Set(Object.keys(translations));
