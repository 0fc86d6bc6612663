import type { Installation, InstallationStore, TakenInstallation } from '@hongyan/apps';
import type { AppId } from '@hongyan/protocol';
import type { Channels } from './channels.js';

export class SqliteInstallationStore implements InstallationStore {
  constructor(private readonly channels: Channels) {}

  take(app: AppId, installations: readonly Installation[]): Promise<TakenInstallation[]> {
    return this.channels.write.call('takeInstallations', app, installations);
  }

  page(app: AppId, { after = '', limit }: { after?: string; limit: number }): Promise<Installation[]> {
    return this.channels.read.call('installationPage', app, after, limit);
  }
}
