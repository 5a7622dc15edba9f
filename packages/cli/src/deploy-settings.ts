import { OperationError } from './operation-error.ts';
import type { DeployedSettings } from './settings/deployed-settings.ts';

export interface DeploySettings {
  /** CDK context: the installation's settings, and its fleets. */
  context: Readonly<Record<string, unknown>>;
  /** Whether the account and region are bootstrapped for CDK first. */
  bootstrap: boolean;
  log(line: string): void;
}

/**
 * Deploys every stack with these settings.
 * @throws {OperationError} with CloudFormation's reason
 */
export async function deploySettings({ context, bootstrap, log }: DeploySettings) {
  const { DeployError, deployAll } = await import('@serverless-gitlab-runner/infra/operate');
  try {
    const outputs = await deployAll({ context, bootstrap, log: (line) => log(`  ${line}`) });
    log('✓ stacks deployed');
    return { webhookUrl: outputs.WebhookUrl, parameterPrefix: outputs.ParameterPrefix };
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    throw new OperationError(`${error.message}\nOnce that is mended, run the same command again.`, {
      cause: error,
    });
  }
}

/** CDK context that repeats a deployment. */
export function contextOf({ installation, fleets }: DeployedSettings): Record<string, unknown> {
  return { ...installation, fleets };
}
