import { type Command, Option } from 'commander';
import { list, whole } from './option-values.js';

export function addLeanCloudCommands(program: Command): void {
  const leancloud = program.command('leancloud').description('bring an app over from LeanCloud');
  leancloud
    .command('pull')
    .description('save an app from LeanCloud to a folder; go on after an interruption; add what changed')
    .requiredOption('--out <folder>', 'where to: a folder of its own')
    .option('--credentials <file>', 'a file with LEANCLOUD_APP_ID=… and LEANCLOUD_MASTER_KEY=… (or JSON)')
    .addOption(
      new Option('--region <region>', 'where the app is; most app ids tell it').choices([
        'cn-n1',
        'cn-e1',
        'us',
      ]),
    )
    .option('--server <url>', "the app's own API domain, instead of the region's")
    .option('--sign', 'send signatures (X-LC-Sign) instead of the master key; needs a clock that is right')
    .option('--include <list>', 'more: users, files, media, unread, class:Name (separated by commas)', list)
    .option('--skip <list>', 'less: streams that are not wanted, e.g. installations,threads', list)
    .option('--parallel <n>', 'requests under way at a time', whole(1, 64), 3)
    .option('--per-minute <n>', 'requests per minute at most', whole(1, 1_000_000))
    .option('--timeout <seconds>', 'for one request', whole(1, 3_600), 60)
    .option('--max-wait <seconds>', 'largest pause before a failed request is repeated', whole(1, 3_600), 60)
    .option(
      '--patience <seconds>',
      'how long a request may go on failing (until the server has answered once, 30 s at most)',
      whole(1, 86_400),
      900,
    )
    .option(
      '--re-read <hours>',
      'how far back a later pull looks for edits and recalls',
      whole(0, 24 * 400),
      168,
    )
    .option('--part-mb <n>', 'size of a part', whole(1, 4_096), 64)
    .option('--media-max-mb <n>', 'largest file that is downloaded', whole(1, 100_000), 100)
    .option('--media-types <list>', 'types that are downloaded, e.g. image/*,audio/mp4', list)
    .option('--media-private', 'download from private addresses too: for a mirror of your own')
    .option('--dry-run', 'only estimate requests, size and time, from samples')
    .option('--verify', 'only check the folder: checksums, order, counts against LeanCloud')
    .option('--offline', 'with --verify: without asking LeanCloud')
    .option(
      '--from-export <file>',
      "read LeanCloud's own export (JSON lines, .gz or .tar.gz) instead of pulling",
    )
    .option('--json', 'events and result as JSON lines on standard output')
    .addHelpText('after', examples)
    .action(async (_options: unknown, command: Command) => {
      const { runLeanCloudPull } = await import('./run-leancloud-pull.js');
      process.exitCode = await runLeanCloudPull(command.optsWithGlobals());
    });
  addImportCommand(leancloud);
}

function addImportCommand(leancloud: Command): void {
  leancloud
    .command('import')
    .description('take a pulled app over into one of this installation, while it is used or not')
    .requiredOption('--from <folder>', 'what pull made')
    .requiredOption('--app <id>', 'the app here that takes it')
    .option('--work <folder>', 'where state and report go (FROM/import-APP)')
    .option('--dry-run', 'read and check everything, change nothing')
    .option('--verify', 'only compare what is here with the folder, by counts and checksums')
    .addHelpText('after', importExamples)
    .action(async (_options: unknown, command: Command) => {
      const { runLeanCloudImport } = await import('./run-leancloud-import.js');
      process.exitCode = await runLeanCloudImport(command.optsWithGlobals());
    });
}

const importExamples = `
Works on a data folder whether or not a server runs on it. Ids, times and order are kept; imported messages are read and count
nothing. What cannot be taken is told by file and line in the work folder. Status 1 if something was not taken or is different.

Examples:
  $ hongyan app create --name Shop --preset leancloud --id APP_ID --key APP_KEY --master-key MASTER_KEY
  $ hongyan leancloud import --from ./shop --app APP_ID --dry-run
  $ hongyan leancloud import --from ./shop --app APP_ID
  $ hongyan leancloud import --from ./shop --app APP_ID          # again, after a second pull: adds what changed
  $ hongyan leancloud import --from ./shop --app APP_ID --verify --json

Ctrl-C or a crash loses nothing: the same command goes on where it was.`;

const examples = `
The keys come from LEANCLOUD_APP_ID and LEANCLOUD_MASTER_KEY, from --credentials, or are asked for; never from the
command line. No Hongyan server is needed, and --data has no meaning here.

Examples:
  $ hongyan leancloud pull --out ./shop --dry-run
  $ hongyan leancloud pull --out ./shop --include users,files,media
  $ hongyan leancloud pull --out ./shop            # again: goes on, or adds what changed
  $ hongyan leancloud pull --out ./shop --verify
  $ hongyan leancloud pull --out ./shop --server https://api.shop.example --per-minute 600
  $ hongyan leancloud pull --out ./export --from-export export.tar.gz

Ctrl-C or a crash loses nothing: the same command goes on where it was.`;
