import { program, readOptions, whole } from '../load/options.js';
import { GeneratedApp, wholeApp } from './generated-app.js';
import { StandIn, standInKeys } from './stand-in.js';

/** A stand-in by hand. Prints what the pull needs in its environment. */
const command = program(
  'node --import ./tools/register-ts.mjs test/leancloud-stand-in/main.ts',
  'Answers as LeanCloud would for a generated app, until it is stopped.',
)
  .argument('[messages]', 'messages of the app', whole(1), 100_000)
  .argument('[conversations]', 'conversations of the app', whole(6), 5_000)
  .argument('[port]', 'port on this machine; 0: any that is free', whole(0, 65_535), 0);
readOptions(command);
const [messages, conversations, port] = command.processedArgs as [number, number, number];
const app = new GeneratedApp(wholeApp(messages, conversations));
const standIn = await StandIn.start(app, {}, port);
process.stdout.write(
  `${[
    `LEANCLOUD_APP_ID=${standInKeys.appId}`,
    `LEANCLOUD_MASTER_KEY=${standInKeys.masterKey}`,
    `server ${standIn.url}`,
  ].join('\n')}\n`,
);
