/** The launcher's decisions alone, without the SDK's clients: for programs that simulate it. */
export { type LaunchFacts, type LaunchPlan, planLaunch } from './plan-launch.ts';
