import type { Command } from 'commander';
import { type CommandContext, gitlabToken, positiveNumber } from './command-context.ts';

const HELP = `
Exit code 1 if something is broken; a warning may be intended. docs/operating.md lists all checks. --project needs GITLAB_TOKEN in the
environment (scope read_api, of a Maintainer).

Examples:
  sgr doctor
  sgr doctor --project team/app`;

export function addDoctor(program: Command, { terminal, fail }: CommandContext): void {
  program
    .command('doctor')
    .description(
      "walks a job's way from GitLab's webhook to its task, and names what is broken and what mends it",
    )
    .option('--json', 'prints JSON', false)
    .option('--hours <number>', 'how far back webhooks are searched', positiveNumber, 24)
    .option('--project <path>', 'also asks GitLab for the webhooks, runners and waiting jobs of a project')
    .addHelpText('after', HELP)
    .action(async (options: { json: boolean; hours: number; project?: string }) => {
      const { printDoctor } = await import('../doctor/print-doctor.ts');
      if (!(await printDoctor({ ...options, gitlabToken: gitlabToken() }, terminal))) fail();
    });
}
