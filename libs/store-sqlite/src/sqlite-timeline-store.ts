import type { TimelinePart, TimelineQuery, TimelineStore } from '@hongyan/conversations';
import type { AppId } from '@hongyan/protocol';
import type { Channels } from './channels.js';

export class SqliteTimelineStore implements TimelineStore {
  constructor(private readonly channels: Channels) {}

  part(app: AppId, query: TimelineQuery): Promise<TimelinePart> {
    return this.channels.read.call('timelinePart', app, query, this.channels.now());
  }
}
