import type { MissedChange, MissedEdit, MissedPage, NotificationStore } from '@hongyan/conversations';
import type { AppId, ClientId } from '@hongyan/protocol';
import type { Channels } from './channels.js';

export class SqliteNotificationStore implements NotificationStore {
  constructor(private readonly channels: Channels) {}

  changes(app: AppId, client: ClientId, since: number, limit: number): Promise<MissedPage<MissedChange>> {
    return this.channels.read.call('changes', app, client, since, limit);
  }

  edits(app: AppId, client: ClientId, since: number, limit: number): Promise<MissedPage<MissedEdit>> {
    return this.channels.read.call('edits', app, client, since, limit);
  }
}
