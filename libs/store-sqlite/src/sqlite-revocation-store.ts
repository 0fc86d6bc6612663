import type { Revocation, RevocationStore } from '@hongyan/sessions';
import type { Channels } from './channels.js';

export class SqliteRevocationStore implements RevocationStore {
  constructor(private readonly channels: Channels) {}

  async add(revocation: Revocation): Promise<void> {
    await this.channels.write.call('addRevocation', revocation);
  }

  since(position: string | undefined, now: number): Promise<{ revocations: Revocation[]; position: string }> {
    return this.channels.read.call('revocationsSince', position, now);
  }

  async purge(now: number): Promise<void> {
    await this.channels.write.call('purgeRevocations', now);
  }
}
