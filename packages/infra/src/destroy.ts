/** Removes the installation; see `--help`. */
import { createInterface } from 'node:readline/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { parseOptions, UsageError } from './cli/parse-options.ts';
import { runCommand } from './cli/run-command.ts';
import { destroyInstallation } from './operate/destroy-installation.ts';
import { type InstallationFacts, listLeftovers, readFacts, renderLeftovers } from './operate/leftovers.ts';

const HELP = `Usage: npx nx run infra:destroy [-- options]

Removes the installation from the account and region of the AWS credentials:
  1. removes webhook-receiver and runner-launcher, so that no further manager starts
  2. drains the managers: they take no new jobs, and exit when their current jobs are done
  3. stops all tasks that still run after that
  4. removes idle-reaper and the shared stack
At the end it lists what remains, with its monthly cost. It can be interrupted and run again at any time.

  --now               stops tasks immediately; their jobs fail
  --wait-minutes N    minutes for which jobs may still run before they are stopped (default: 60)
  -y, --yes           does not ask for confirmation
  -h, --help          prints this help
`;

const OPTIONS = {
  now: { type: 'boolean', default: false },
  'wait-minutes': { type: 'string', default: '60' },
  yes: { type: 'boolean', short: 'y', default: false },
} as const;

await runCommand({
  help: HELP,
  run: async ({ args, print, log }) => {
    const { values } = parseOptions(args, OPTIONS);
    const minutes = Number(values['wait-minutes']);
    if (!(Number.isFinite(minutes) && minutes >= 0))
      throw new UsageError(`--wait-minutes takes a number of minutes, not "${values['wait-minutes']}".`);
    const clients = {
      cloudFormation: new CloudFormationClient(),
      ecs: new ECSClient(),
      ecr: new ECRClient(),
      logs: new CloudWatchLogsClient(),
      s3: new S3Client(),
      secrets: new SecretsManagerClient(),
      ssm: new SSMClient(),
    };
    const facts = await readFacts(clients);
    if (facts.stacks.length === 0) log(`No stack of this installation is deployed in ${facts.region}.`);
    else {
      if (!(values.yes || (await confirm(facts)))) {
        log('Nothing was removed.');
        return false;
      }
      await destroyInstallation({ ...clients, log, drainMs: values.now ? 0 : minutes * 60_000 });
    }
    for (const line of renderLeftovers(await listLeftovers(clients, facts))) print(line);
    return true;
  },
});

async function confirm({ stacks, region }: InstallationFacts): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UsageError(`This removes ${stacks.join(', ')} in ${region}. Confirm with --yes.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Remove ${stacks.join(', ')} in ${region}? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
