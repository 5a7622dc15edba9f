/**
 * Operating an installation from a program: deploying, removing, reading its fleets, retrying dead letters. It loads no CDK
 * library, which takes a second and which a command line may lack: the CDK CLI runs as a process of its own.
 */
export { explainError, OperationError } from '../cli/run-command.ts';
export { DeployError, type DeployOptions, type DeployOutputs, deployAll } from '../deploy/deploy-all.ts';
export { describeStack, isUsable } from '../deploy/stack-state.ts';
export { type SecretCommands, secretCommands } from '../stacks/secret-commands.ts';
export { countMessages } from './dead-letters.ts';
export { ALL_STACKS, type DestroyOptions, destroyInstallation } from './destroy-installation.ts';
export { outputsOf, requireOutputs, type StackOutputs } from './installation-outputs.ts';
export {
  type InstallationFacts,
  type Leftover,
  type LeftoverClients,
  listLeftovers,
  readFacts,
  renderLeftovers,
} from './leftovers.ts';
export { type DeployedFleet, readFleets } from './read-fleets.ts';
export { type RedriveLauncherOptions, redriveLauncher } from './redrive-launcher.ts';
export { type RedriveReaperOptions, type RedriveReaperResult, redriveReaper } from './redrive-reaper.ts';
export { type NextSteps, renderNextSteps } from './render-next-steps.ts';
