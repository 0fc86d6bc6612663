import type {
  Args,
  ConversationResult,
  ConversationView,
  EntryView,
  MessageView,
  OperationName,
  Result,
  ServerEvent,
} from '@hongyan/protocol';
import { storedTypes, toNative } from './content.js';
import { isObject } from './values.js';

/**
 * What the native doors tell their readers: typed messages of these clients as text and media, conversations without
 * the columns that only these clients know. Messages and events that hold neither are the same object again.
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
  const { conversationView: view } = event;
  if (entry === event.entry && view?.columns === undefined) return event;
  return { ...event, entry, ...(view === undefined ? {} : { conversationView: nativeConversation(view) }) };
}

/** A conversation for native readers: without the columns that its app has beside attributes. */
function nativeConversation(view: ConversationView): ConversationView {
  const { columns, ...rest } = view;
  return columns === undefined ? view : rest;
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

function nativeEntry(entry: EntryView): EntryView {
  if ('message' in entry) return withMessage(entry);
  if (entry.kind !== 'updated' || entry.columns === undefined) return entry;
  const { columns: _, ...rest } = entry;
  return rest;
}

function withMessage<T extends { readonly message: MessageView }>(holder: T): T {
  const message = nativeMessage(holder.message);
  return message === holder.message ? holder : { ...holder, message };
}

const withMessages = <T extends { readonly messages: readonly MessageView[] }>(page: T): T => ({
  ...page,
  messages: page.messages.map(nativeMessage),
});

const withConversation = <T extends { readonly conversation: ConversationView }>(holder: T): T => ({
  ...holder,
  conversation: nativeConversation(holder.conversation),
});

type Row = Pick<ConversationResult, 'conversation' | 'lastMessage'>;

const nativeRow = <R extends Row>(row: R): R => ({
  ...withConversation(row),
  ...(row.lastMessage === undefined ? {} : { lastMessage: nativeMessage(row.lastMessage) }),
});

const withRows = <R extends Row, T extends { readonly items: readonly R[] }>(page: T): T => ({
  ...page,
  items: page.items.map(nativeRow),
});

/** Every operation that answers with messages or conversations. A spec holds it to the document of the server API. */
const translations: { readonly [N in OperationName]?: (result: Result<N>) => Result<N> } = {
  'conversation.create': withConversation,
  'conversation.get': nativeRow,
  'conversation.query': withRows,
  'conversation.list': withRows,
  'conversation.sync': withRows,
  'conversation.entries': (page) => ({ ...page, entries: page.entries.map(nativeEntry) }),
  'client.changes': (page) => ({ ...page, entries: page.entries.map(nativeEntry) }),
  'client.edits': (page) => ({ ...page, entries: page.entries.map(nativeEntry) }),
  'message.edit': withMessage,
  'message.get': withMessages,
  'message.history': withMessages,
  'message.timeline': withMessages,
  'room.join': (joined) => withConversation(withMessages(joined)),
};

/** Names of the operations whose answers hold messages or conversations. */
export const translatedOperations: ReadonlySet<string> = new Set(Object.keys(translations));
