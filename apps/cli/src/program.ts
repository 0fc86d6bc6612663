import { Command, Help, Option } from 'commander';
import { addAppCommands } from './app-commands.js';
import { addClientCommands } from './client-commands.js';
import { addConversationCommands } from './conversation-commands.js';
import { addLeanCloudCommands } from './leancloud-commands.js';
import { addServeCommands } from './serve-commands.js';
import { addStoreCommands } from './store-commands.js';

/** The command line `hongyan`. Only parsing is here; what a command needs is imported when it runs. */
export function createProgram(): Command {
  const program = new Command('hongyan')
    .description('Hongyan, a messaging server for many tenants: serve it and look after it.')
    .exitOverride()
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false, optionDescription })
    .showHelpAfterError('(add --help for help)')
    .addOption(dataOption())
    .addOption(jsonOption())
    .enablePositionalOptions()
    .addHelpText(
      'after',
      `
Examples:
  $ hongyan serve --port 7788
  $ hongyan tenant create --name "Blue Bird Ltd" --id bluebird
  $ hongyan app create --tenant bluebird --name Chat
  $ hongyan conversation create --name Team --members alice,bob
  $ hongyan message send --conversation ID --from alice --text "hello"

All but serve and start work on a data folder whether or not a server runs on it.
Exit status: 0 done, 1 refused or failed, 2 wrong usage.`,
    );
  addServeCommands(program);
  addAppCommands(program);
  addConversationCommands(program);
  addClientCommands(program);
  addStoreCommands(program);
  addLeanCloudCommands(program);
  addCommonOptions(program);
  return program;
}

/** Says which options must be given. */
function optionDescription(this: Help, option: Option): string {
  const text = Help.prototype.optionDescription.call(this, option);
  return option.mandatory ? `${text} (required)` : text;
}

const dataOption = (): Option => new Option('--data <folder>', 'the data folder (HONGYAN_DATA, else ./data)');
const jsonOption = (): Option => new Option('--json', 'answer as JSON on standard output');

/** They may come before or after the command; one that means something else by `--json` keeps its own. */
function addCommonOptions(command: Command): void {
  for (const child of command.commands) {
    addCommonOptions(child);
    if (child.commands.length > 0) continue;
    child.addOption(dataOption());
    const serves = ['serve', 'start'].includes(child.name());
    if (!serves && !child.options.some(({ long }) => long === '--json')) child.addOption(jsonOption());
  }
}
