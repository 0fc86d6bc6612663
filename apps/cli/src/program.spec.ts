import type { Command } from 'commander';
import { Refusal, UsageError, failureLine } from './failure.js';
import { pairs, table } from './output.js';
import { createProgram } from './program.js';
import { settingsOf } from './setting-commands.js';

const leaves = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);

const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

describe('the command line', () => {
  const commands = leaves(createProgram());

  it('has the commands that the documents name', () => {
    expect(commands.map((command) => pathOf(command).replace('hongyan ', ''))).toEqual([
      'serve',
      'start',
      'tenant create',
      'tenant list',
      'app create',
      'app list',
      'app show',
      'app set',
      'app settings',
      'app rotate',
      'conversation create',
      'conversation show',
      'message send',
      'client kick',
      'client online',
      'backup',
      'check',
      'config check',
      'leancloud pull',
      'leancloud import',
    ]);
  });

  it.each(commands.map((command) => [pathOf(command), command] as const))(
    '%s takes --data and --json, and says what it does',
    (path, command) => {
      const options = command.options.map(({ long }) => long);
      expect(options).toContain('--data');
      expect(options.includes('--json')).toBe(!/ (serve|start)$/.test(path));
      expect(command.description()).toMatch(/^[a-z]/);
    },
  );

  it('says which options must be given', () => {
    const marked = commands.flatMap((command) => {
      const required = command.options.filter(({ mandatory }) => mandatory);
      const lines = command.helpInformation().match(/\(required\)/g) ?? [];
      expect([pathOf(command), lines.length]).toEqual([pathOf(command), required.length]);
      return required;
    });
    expect(marked.length).toBeGreaterThan(3);
  });

  it('refuses what it does not know with status 2', async () => {
    const program = createProgram().configureOutput({ writeErr: () => undefined });
    await expect(program.parseAsync(['x', 'x', 'sevre'])).rejects.toMatchObject({ exitCode: 1 });
  });
});

describe('settings on the command line', () => {
  it('are JSON, or text', () => {
    expect(
      settingsOf([
        'limits.members=5',
        'name=Blue Bird',
        'login.unsigned=true',
        'origins=["https://a"]',
        'a=b=c',
      ]),
    ).toEqual({
      'limits.members': 5,
      name: 'Blue Bird',
      'login.unsigned': true,
      origins: ['https://a'],
      a: 'b=c',
    });
    expect(() => settingsOf(['members'])).toThrow(UsageError);
  });
});

describe('answers', () => {
  it('are in columns', () => {
    expect(
      pairs([
        ['id', 'x'],
        ['members', 2],
        ['name', undefined],
      ]),
    ).toBe('id       x\nmembers  2');
    expect(
      table(
        ['ID', 'N'],
        [
          ['long-id', 1],
          ['x', undefined],
        ],
      ),
    ).toBe('ID       N\nlong-id  1\nx        -');
  });

  it('of refusals have the code', () => {
    expect(failureLine(new Refusal(1010, 'not_found', 'there is no app x'))).toBe(
      'there is no app x (not_found, 1010)',
    );
    expect(failureLine(new UsageError('say which app'))).toBe('say which app');
  });
});
