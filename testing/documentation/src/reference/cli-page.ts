import { createProgram } from '@serverless-gitlab-runner/cli';
import type { Command } from 'commander';
import { page } from '../markdown.ts';

/** Columns of the help on the page: as many as a code block of the site shows. */
const COLUMNS = 80;

/** The help of `sgr` and of each of its commands, as a terminal shows it. */
export function renderCliPage(): string {
  const program = sgrProgram();
  const introduction = [
    'The command line `sgr` operates an installation. [Start here](../start.md) says how to install it, and',
    '[operating](../operating.md) which command helps when. Account and region are chosen with `AWS_PROFILE` and `AWS_REGION`.',
    'Where a command can ask GitLab as well, it takes a token from the environment variable `GITLAB_TOKEN`.',
  ];
  const sections = leavesOf(program).flatMap((command) => [
    `## ${nameOf(command)}`,
    '',
    '```text',
    helpOf(command),
    '```',
    '',
  ]);
  return page('Command line', introduction, [...sections, ...exitCodes()]);
}

/** The definition of `sgr`, whose output goes nowhere. */
export function sgrProgram(): Command {
  const ignore = () => undefined;
  const terminal = { print: ignore, printError: ignore, columns: COLUMNS, ask: undefined, now: Date.now };
  return createProgram({ terminal, fail: ignore });
}

/** Commands that do something: `rotate webhook-secret`, but not `rotate`. */
function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  command.outputHelp();
  const lines = help.split('\n').map((line) => line.trimEnd());
  return wrapped(lines).join('\n').trim();
}

/** Paragraphs, which have the lines of a wide terminal, in lines of `COLUMNS`. Indented lines are lists, and stay. */
function wrapped(lines: readonly string[]): string[] {
  const done: string[] = [];
  for (const line of lines) {
    const before = done.at(-1) ?? '';
    const continues = /^\S.*[^:]$/.test(before) && /^\S/.test(line);
    const words = continues ? `${done.pop()} ${line}` : line;
    done.push(...(/^\s/.test(words) ? [words] : wrap(words)));
  }
  return done;
}

function wrap(text: string): string[] {
  if (text.length <= COLUMNS) return [text];
  const space = text.lastIndexOf(' ', COLUMNS);
  return space <= 0 ? [text] : [text.slice(0, space), ...wrap(text.slice(space + 1))];
}

function exitCodes(): string[] {
  return ['## Exit codes', '', '0: done. 1: failed; of `sgr doctor`: something is broken. 2: wrong usage.'];
}
