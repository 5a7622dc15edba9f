/** CDK constructs of serverless-gitlab-runner. `ServerlessGitlabRunner` contains everything, for a stack of your own. */

export type { FleetResources } from './constructs/fleet-resources.ts';
export { HELPER_SSH_PORT } from './constructs/fleet-security-groups.ts';
export { IdleReaper, type IdleReaperProps } from './constructs/idle-reaper.ts';
export type { ImageSource } from './constructs/image-source.ts';
export type { Installation } from './constructs/installation.ts';
export type { JobCacheProps } from './constructs/job-cache.ts';
export { type BudgetProps, NoBudgetsInRegionError, SilentBudgetError } from './constructs/monthly-budget.ts';
export { Network, type NetworkProps, type VpcLike } from './constructs/network.ts';
export { RunnerLauncher, type RunnerLauncherProps } from './constructs/runner-launcher.ts';
export { MissingBundleError, type ServiceOptions } from './constructs/service-function.ts';
export { SharedResources, type SharedResourcesProps } from './constructs/shared-resources.ts';
export type { WebhookEndpoint } from './constructs/webhook-endpoint.ts';
export { WebhookReceiver, type WebhookReceiverProps } from './constructs/webhook-receiver.ts';
export { DeployError, type DeployOptions, type DeployOutputs, deployAll } from './deploy/deploy-all.ts';
export { type FleetProps, parseFleet } from './fleet-props.ts';
export {
  ServerlessGitlabRunner,
  type ServerlessGitlabRunnerProps,
  UnknownFleetError,
} from './serverless-gitlab-runner.ts';
export { type SecretCommands, secretCommands } from './stacks/secret-commands.ts';
