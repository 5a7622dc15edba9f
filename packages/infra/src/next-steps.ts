/** Prints the next steps after a deployment; see `--help`. */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SSMClient } from '@aws-sdk/client-ssm';
import { SHARED_STACK } from '@serverless-gitlab-runner/fleet';
import { parseOptions } from './cli/parse-options.ts';
import { runCommand } from './cli/run-command.ts';
import { requireOutputs } from './operate/installation-outputs.ts';
import { readFleets } from './operate/read-fleets.ts';
import { renderNextSteps } from './operate/render-next-steps.ts';

const HELP = `Usage: npx nx run infra:next-steps

Prints each fleet's webhook URL, the commands that store its secrets, and how to test it. Changes nothing.

  -h, --help   prints this help
`;

/** Used if there is no terminal whose width could be read. */
const DEFAULT_COLUMNS = 100;

await runCommand({
  help: HELP,
  run: async ({ args, print }) => {
    parseOptions(args, {});
    const cloudFormation = new CloudFormationClient();
    const [shared, receiver] = await Promise.all([
      requireOutputs(cloudFormation, SHARED_STACK, ['ParameterPrefix', 'ManagerLogGroup']),
      requireOutputs(cloudFormation, 'webhook-receiver', ['WebhookUrl']),
    ]);
    const steps = {
      region: await cloudFormation.config.region(),
      parameterPrefix: shared.ParameterPrefix,
      managerLogGroup: shared.ManagerLogGroup,
      webhookUrl: receiver.WebhookUrl,
      fleets: await readFleets(new SSMClient(), shared.ParameterPrefix),
    };
    const columns = process.stdout.columns ?? (Number(process.env.COLUMNS) || DEFAULT_COLUMNS);
    for (const line of renderNextSteps(steps, columns)) print(line);
    return true;
  },
});
