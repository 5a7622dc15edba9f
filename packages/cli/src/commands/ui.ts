import { type Command, InvalidArgumentError } from 'commander';
import { type CommandContext, gitlabToken, positiveNumber } from './command-context.ts';

const HELP = `
Serves a page with fleets, managers and jobs as a time line, why a job waits, and what projects cost. It prints the page's URL,
which has a new secret each time; only this machine can reach it. AWS is read every five seconds while a page is open and
visible, and not at all otherwise. With GITLAB_TOKEN in the environment, GitLab is asked as well (see "sgr why --help").

Examples:
  sgr ui --open
  sgr ui --port 4711 --hours 6`;

export function addUi(program: Command, { terminal }: CommandContext): void {
  program
    .command('ui')
    .description('serves a live page of what runs, waits and costs, on this machine only, until Ctrl-C')
    .option('--port <number>', 'port of the page (default: a free one)', portNumber)
    .option('--open', 'opens the page in the browser', false)
    .option('--hours <number>', 'how far back logs are read', positiveNumber, 24)
    .addHelpText('after', HELP)
    .action(async (options: { port?: number; open: boolean; hours: number }) => {
      const { serveUi } = await import('../ui/serve-ui.ts');
      await serveUi({ port: 0, ...options, gitlabToken: gitlabToken() }, terminal);
    });
}

/** Parses an option. @throws {InvalidArgumentError} */
function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('Write a number from 0 (a free port) to 65535.');
}
