/** Deploys one stack; see `--help`. */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { IAMClient } from '@aws-sdk/client-iam';
import * as z from 'zod';
import { deployOptions } from '../../../scripts/cli/commands.mjs';
import { didYouMean, parseOptions, UsageError } from './cli/parse-options.ts';
import { runCommand } from './cli/run-command.ts';
import { DEPLOY_TARGETS, deployStack, isDeployTarget } from './deploy/deploy-stack.ts';

const HELP = `Usage: node src/deploy.ts STACK [options]
       npx nx deploy shared-stack|webhook-receiver|runner-launcher|idle-reaper [-- options]

Deploys one stack and no other. STACK is one of:
  ${DEPLOY_TARGETS.join('\n  ')}

Options are passed to \`cdk deploy\`, after those in the variable DEPLOY_OPTIONS (a JSON array; use it with nx, which drops quotes from JSON):
  -c, --context KEY=VALUE     a setting (docs/reference/installation-settings.md), overrides cdk.json
      --profile NAME          profile of the AWS credentials
  -r, --role-arn ARN          role that CloudFormation assumes
  -t, --tags KEY=VALUE        tag of the stack
  -f, --force                 deploys even if nothing has changed
      --no-rollback           leaves a failed stack as it is, for inspection
      --hotswap-fallback      updates a Lambda's code without CloudFormation if possible
      --progress bar|events   how progress is shown
  -v, --verbose               prints CDK's own debugging output
  -h, --help                  prints this help
`;

await runCommand({
  help: HELP,
  run: async ({ args, print }) => {
    const [target = '', ...given] = args;
    const options = [...optionsOfEnvironment(), ...given];
    if (!isDeployTarget(target)) {
      throw new UsageError(
        `This app has no stack "${target}"${didYouMean(target, DEPLOY_TARGETS)}? Choose one of ${DEPLOY_TARGETS.join(', ')}.`,
      );
    }
    const { values } = parseOptions(options, deployOptions);
    if (values.profile !== undefined) process.env.AWS_PROFILE = values.profile;
    const clients = { cloudFormation: new CloudFormationClient(), iam: new IAMClient() };
    await deployStack(target, { ...clients, options, log: print });
    return true;
  },
});

/** @throws {UsageError} */
function optionsOfEnvironment(): string[] {
  const { DEPLOY_OPTIONS: text } = process.env;
  if (!text) return [];
  const parsed = z.array(z.string()).safeParse(parseJson(text));
  if (!parsed.success) throw new UsageError(`DEPLOY_OPTIONS must be a JSON array of options, not ${text}`);
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
