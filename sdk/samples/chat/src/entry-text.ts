import type { EntryView } from '@hongyan/sdk';
import { namesOf } from './format.js';

/** What happened besides messages, in words; undefined when it is not worth a line. */
export function entryText(entry: EntryView, me: string | undefined): string | undefined {
  const name = (id: string | undefined): string =>
    id === undefined ? 'The service' : id === me ? 'You' : id;
  const names = (ids: readonly string[]): string => namesOf(ids.map((id) => (id === me ? 'you' : id)));
  const by = name(entry.by);
  switch (entry.kind) {
    case 'created':
      return entry.name === undefined ? undefined : `${by} opened this conversation`;
    case 'added':
      return `${by} added ${names(entry.members)}`;
    case 'joined':
      return `${by} joined`;
    case 'left':
      return `${by} left`;
    case 'removed':
      return `${by} removed ${names(entry.members)}`;
    case 'role':
      return `${by} made ${names([entry.member])} ${entry.role}`;
    case 'updated':
      return entry.name === undefined ? undefined : `${by} named it “${entry.name}”`;
    default:
      return undefined;
  }
}
