/**
 * Deploying an installation from a program. It loads no CDK library, which takes a second and which a command line may lack: the
 * CDK CLI runs as a process of its own.
 */
export { describeStack, isUsable } from '@serverless-gitlab-runner/aws/stacks';
export { InvalidFleetConfigError } from '@serverless-gitlab-runner/fleet';
export { settingsSchema as installationSettingsSchema } from './app-settings.ts';
export { explainError, OperationError } from './cli/run-command.ts';
export { DeployError, type DeployOptions, type DeployOutputs, deployAll } from './deploy/deploy-all.ts';
export { parseFleet } from './fleet-props.ts';
export { type SecretCommands, secretCommands } from './stacks/secret-commands.ts';
