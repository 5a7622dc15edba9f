import type { Command } from 'commander';

/** Words that stand for an argument of any form. */
const ELLIPSIS = /^(…|\.\.\.)$/;

/**
 * Checks a command line against the definition of its program.
 * @param words without the program's name
 * @returns what is wrong; undefined if it can be run
 */
export function checkSgr(program: Command, words: readonly string[]): string | undefined {
  const [name, ...rest] = words;
  if (program.commands.length > 0) {
    if (name === undefined || name.startsWith('-')) return checkOptions(program, words);
    const command = program.commands.find((each) => each.name() === name);
    return command === undefined ? `there is no command "${name}"` : checkSgr(command, rest);
  }
  return checkOptions(program, words);
}

function checkOptions(command: Command, words: readonly string[]): string | undefined {
  const left = [...words];
  let positionals = 0;
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (ELLIPSIS.test(word)) continue;
    if (!word.startsWith('-')) {
      positionals += 1;
      continue;
    }
    if (['--help', '-h', '--version', '-V'].includes(word)) return undefined;
    const [flag = ''] = word.split('=');
    const option = command.options.find(({ long, short }) => flag === long || flag === short);
    if (option === undefined) return `${command.name()} has no option ${flag}`;
    if (option.required && !word.includes('=')) left.shift();
  }
  const most = command.registeredArguments.length;
  return positionals > most ? `${command.name()} takes ${most} arguments, not ${positionals}` : undefined;
}
