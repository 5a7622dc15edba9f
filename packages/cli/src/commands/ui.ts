import { type Command, InvalidArgumentError } from 'commander';
import { type CommandContext, gitlabToken, positiveNumber } from './command-context.ts';

const HELP = `
Serves a page with fleets, managers and jobs as a time line, why a job waits, and what projects cost. It prints the page's URL,
which has a new secret each time; only this machine can reach it. AWS is read every five seconds while a page is open and
visible, and not at all otherwise. With GITLAB_TOKEN in the environment, GitLab is asked as well (see "sgr why --help").

--save writes what the page shows now into one HTML file, which needs no server: for an issue, or for the record.

Examples:
  sgr ui --open
  sgr ui --save ci.html
  sgr ui --port 4711 --hours 6`;

export function addUi(program: Command, { terminal }: CommandContext): void {
  program
    .command('ui')
    .description('serves a live page of what runs, waits and costs, on this machine only, until Ctrl-C')
    .option('--port <number>', 'port of the page (default: a free one)', portNumber)
    .option('--open', 'opens the page in the browser', false)
    .option('--save <file>', 'writes the page to a file and ends')
    .option('--hours <number>', 'how far back logs are read', positiveNumber, 24)
    .addHelpText('after', HELP)
    .action(async ({ save, ...options }: { port?: number; open: boolean; save?: string; hours: number }) => {
      const { savePage, serveUi } = await import('../ui/serve-ui.ts');
      const common = { ...options, gitlabToken: gitlabToken() };
      if (save === undefined) await serveUi({ port: 0, ...common }, terminal);
      else await savePage({ ...common, file: save }, terminal);
    });
}

/** Parses an option. @throws {InvalidArgumentError} */
function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('Write a number from 0 (a free port) to 65535.');
}
