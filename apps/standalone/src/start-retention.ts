import { type AppAdministration, listApps } from '@hongyan/apps';
import { type ConversationService, Retention } from '@hongyan/conversations';
import { attributeNames, type Logger, metricNames, type Telemetry } from '@hongyan/telemetry';
import type { Store } from './open-store.js';

export interface RetentionHost {
  readonly store: Pick<Store, 'retention'>;
  readonly administration: AppAdministration;
  readonly conversations: Pick<ConversationService, 'floorRaised'>;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

/** Takes out, from now on, what apps keep for some days only (`messages.retentionDays`). */
export function startRetention(host: RetentionHost): Retention {
  const { store, administration, conversations, telemetry, logger } = host;
  const count = telemetry.counter(
    metricNames.entriesRemoved,
    'Entries of logs that were taken out, by reason.',
    attributeNames.reason,
  );
  const retention = new Retention({
    store: store.retention,
    async apps() {
      const apps = await listApps(administration);
      return apps.map(({ id, messages }) => ({ id, days: messages.retentionDays }));
    },
    onRetired(app, conversation, removed, floor) {
      conversations.floorRaised(app, conversation, floor);
      count?.('retention', removed);
    },
    onError: (err, appId) => logger.error({ what: 'retention_failed', appId, err }),
  });
  retention.start();
  return retention;
}
