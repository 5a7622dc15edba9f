import { type Command, InvalidArgumentError } from 'commander';
import { type CommandContext, gitlabToken } from './command-context.ts';
import { collect, hookPlaces } from './hook-places.ts';

const HELP = `
It lists what it will remove and what stays, asks once, and then:
  1. deletes the webhooks at GitLab (with GITLAB_TOKEN), webhook-receiver and runner-launcher: no further manager starts
  2. drains the managers: they take no new jobs, and end when their current jobs are done
  3. stops the tasks that still run after --wait-minutes
  4. deletes the fleets' runners at GitLab, idle-reaper, CDK's images and bundles of this installation, and the shared stack
  5. deletes the cache's bucket, the secrets, task definitions and log groups
If it is interrupted, run it again. With GITLAB_TOKEN in the environment (scope api; of a Maintainer) it deletes the webhooks of the
projects that sent some lately; name others with --project and --group. The runners need no token. It knows the stacks of this app,
not an installation in a stack of your own.

Examples:
  sgr destroy
  sgr destroy --now --yes
  sgr destroy --keep-logs
  GITLAB_TOKEN=… sgr destroy --group team --keep-cache`;

interface Options {
  now: boolean;
  waitMinutes: number;
  keepCache: boolean;
  keepLogs: boolean;
  project: string[];
  group: string[];
  yes: boolean;
  json: boolean;
}

export function addDestroy(program: Command, { terminal }: CommandContext): void {
  program
    .command('destroy')
    .description('removes the installation with everything that it left in the account, and at GitLab')
    .option('--now', 'stops tasks at once; their jobs fail', false)
    .option('--wait-minutes <number>', 'how long jobs may still run', minutes, 60)
    .option('--keep-cache', "keeps the bucket of the jobs' caches, which expire", false)
    .option(
      '--keep-logs',
      'keeps the log groups, which expire; sgr destroy without it deletes them later',
      false,
    )
    .option('--project <path>', 'also deletes webhooks of this project (repeatable)', collect, [])
    .option('--group <path>', 'also deletes webhooks of this group (repeatable)', collect, [])
    .option('-y, --yes', 'does not ask', false)
    .option('--json', 'prints JSON', false)
    .addHelpText('after', HELP)
    .action(async (options: Options) => {
      const { printDestroy } = await import('../destroy/print-destroy.ts');
      const drainMs = options.now ? 0 : options.waitMinutes * 60_000;
      const places = hookPlaces(options);
      await printDestroy({ ...options, drainMs, places, gitlabToken: gitlabToken() }, terminal);
    });
}

function minutes(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !(Number.isFinite(number) && number >= 0))
    throw new InvalidArgumentError('Write a number of minutes.');
  return number;
}
