import type { Command } from 'commander';
import { type CommandContext, gitlabToken } from './command-context.ts';
import { collect, hookPlaces } from './hook-places.ts';

const WEBHOOK_HELP = `
The current secret becomes the previous one, which is accepted too, and a new one is stored. With GITLAB_TOKEN in the environment
(scope api; of a Maintainer) it is set in the webhooks of this fleet: in the projects that sent some lately, and those that
--project and --group name. Then --finish deletes the previous one; it refuses as long as the last webhook of a project had it, and
until one has arrived (the receiver knows the new secret within a minute).
If it is interrupted, run it again.

Examples:
  GITLAB_TOKEN=… sgr rotate webhook-secret --project team/app
  sgr rotate webhook-secret --finish`;

const RUNNER_HELP = `
The stored token replaces itself at GitLab; no other token is needed. Managers that have the old one are drained: their jobs finish,
and new jobs get new managers. If it is interrupted after GitLab's answer, run it again with GITLAB_TOKEN (scope api).

Examples:
  sgr rotate runner-token
  sgr rotate runner-token --fleet large`;

const CA_HELP = `
For a GitLab whose certificate is signed by an authority of your own. FILE holds the certificates of all authorities (PEM) that
managers, git, artifacts and calls of GitLab's API are to trust; git trusts no others for this GitLab. They replace those that are
stored. The difference is shown, and managers are drained: their jobs finish, and new managers trust the new certificates.

To replace an authority without losing a job: store the old and the new one in one file, give GitLab its new certificate when
sgr status shows no outdated manager, then store only the new one.

Examples:
  sgr rotate ca company-ca.pem
  cat old.pem new.pem > both.pem; sgr rotate ca both.pem --fleet large --yes
  sgr rotate ca --remove`;

export function addRotate(program: Command, context: CommandContext): void {
  const rotate = program
    .command('rotate')
    .description("replaces a secret or GitLab's certificate authority without losing a webhook or a job");
  addWebhookSecret(rotate, context);
  addRunnerToken(rotate, context);
  addCa(rotate, context);
}

interface WebhookOptions {
  fleet?: string;
  project: string[];
  group: string[];
  finish: boolean;
  yes: boolean;
  json: boolean;
}

function addWebhookSecret(rotate: Command, { terminal, fail }: CommandContext): void {
  rotate
    .command('webhook-secret')
    .description('replaces the secret that GitLab sends with webhooks')
    .option('--fleet <name>', 'of this fleet; may be omitted if there is one')
    .option('--project <path>', 'also changes webhooks of this project (repeatable)', collect, [])
    .option('--group <path>', 'also changes webhooks of this group (repeatable)', collect, [])
    .option('--finish', 'deletes the previous secret', false)
    .option('-y, --yes', 'deletes it even if webhooks may still have it', false)
    .option('--json', 'prints JSON', false)
    .addHelpText('after', WEBHOOK_HELP)
    .action(async (options: WebhookOptions) => {
      const { printRotateWebhookSecret } = await import('../rotate/print-rotate-webhook-secret.ts');
      const all = { ...options, places: hookPlaces(options), gitlabToken: gitlabToken() };
      if (!(await printRotateWebhookSecret(all, terminal))) fail();
    });
}

function addRunnerToken(rotate: Command, { terminal }: CommandContext): void {
  rotate
    .command('runner-token')
    .description("replaces the fleet's runner token")
    .option('--fleet <name>', 'of this fleet; may be omitted if there is one')
    .option('--json', 'prints JSON', false)
    .addHelpText('after', RUNNER_HELP)
    .action(async (options: { fleet?: string; json: boolean }) => {
      const { printRotateRunnerToken } = await import('../rotate/print-rotate-runner-token.ts');
      await printRotateRunnerToken({ ...options, gitlabToken: gitlabToken() }, terminal);
    });
}

interface CaOptions {
  fleet?: string;
  remove: boolean;
  check: boolean;
  yes: boolean;
  json: boolean;
}

function addCa(rotate: Command, { terminal }: CommandContext): void {
  rotate
    .command('ca')
    .description("stores the certificates of the authorities that sign GitLab's own")
    .argument('[file]', 'certificates in PEM format')
    .option('--remove', 'removes the stored ones: only public authorities are trusted', false)
    .option('--fleet <name>', 'of this fleet; may be omitted if there is one')
    .option('--no-check', 'does not check that GitLab is trusted by them')
    .option('-y, --yes', 'does not ask', false)
    .option('--json', 'prints JSON', false)
    .addHelpText('after', CA_HELP)
    .action(async (file: string | undefined, options: CaOptions) => {
      const { printRotateCa } = await import('../rotate/print-rotate-ca.ts');
      await printRotateCa({ ...options, file }, terminal);
    });
}
