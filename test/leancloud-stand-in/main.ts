import { GeneratedApp } from './generated-app.js';
import { StandIn, standInKeys } from './stand-in.js';

/**
 * A stand-in by hand: `node --import ./tools/register-ts.mjs test/leancloud-stand-in/main.ts MESSAGES CONVERSATIONS`.
 * Prints what the pull needs in its environment.
 */
const [messages = '100000', conversations = '5000', port = '0'] = process.argv.slice(2);
const app = new GeneratedApp({
  messages: Number(messages),
  conversations: Number(conversations),
  services: 5,
  subscribers: 200,
  threadMessages: 4,
  installations: 1_000,
});
const standIn = await StandIn.start(app, {}, Number(port));
process.stdout.write(
  `${[
    `LEANCLOUD_APP_ID=${standInKeys.appId}`,
    `LEANCLOUD_MASTER_KEY=${standInKeys.masterKey}`,
    `server ${standIn.url}`,
  ].join('\n')}\n`,
);
