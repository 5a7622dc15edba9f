import { createProgram } from '@serverless-gitlab-runner/cli';
import type { Command } from 'commander';
import { page } from '../markdown.ts';

/** Columns of the help on the page: code blocks of the site show some 90 characters without scrolling. */
const COLUMNS = 88;

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
  return help
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim();
}

function exitCodes(): string[] {
  return ['## Exit codes', '', '0: done. 1: failed; of `sgr doctor`: something is broken. 2: wrong usage.'];
}
