import type { NotificationStore } from '@hongyan/conversations';
import type { AppId, ClientId } from '@hongyan/protocol';
import type { Channels } from './channels.js';
import type { MissedChange } from './notification-reads.js';

export class SqliteNotificationStore implements NotificationStore {
  constructor(private readonly channels: Channels) {}

  since(app: AppId, client: ClientId, time: number, limit: number): Promise<MissedChange[]> {
    return this.channels.read.call('changesSince', app, client, time, limit);
  }
}
