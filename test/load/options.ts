import { Command, InvalidArgumentError } from 'commander';

/** A program of this folder or its neighbours: `name` is how it is called, before its options. */
export const program = (name: string, about: string): Command =>
  new Command(name).description(about).allowExcessArguments(false).showSuggestionAfterError(false);

/** What was asked for. `--help` tells the options; a wrong one is told in a line, and the program ends with status 2. */
export function readOptions<T>(command: Command): T {
  command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
  return command.parse().opts() as T;
}

/** The parser of a whole number from `min` to `max`. */
export const whole =
  (min: number, max = 1e9) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`A whole number from ${min} to ${max}.`);
    return value;
  };

/** The parser of a number of seconds. */
export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= 86_400))
    throw new InvalidArgumentError('Seconds, up to a day.');
  return value;
}

/** The parser of one of these names; of an option that may be repeated. */
export const someOf =
  <T extends string>(names: readonly T[]) =>
  (text: string, before: readonly T[] = []): readonly T[] => {
    const name = names.find((one) => one === text);
    if (name === undefined) throw new InvalidArgumentError(`There are ${names.join(', ')}.`);
    return [...before, name];
  };
