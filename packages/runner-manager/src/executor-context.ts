import type { Logger } from '@aws-lambda-powertools/logger';
import type { FleetConfig, RegionPrices } from '@serverless-gitlab-runner/fleet';
import type { AheadTasks } from './ahead/ahead-tasks.ts';
import type { ProjectShares } from './job/plan/project-shares.ts';
import type { AwaitPort } from './job/start/await-port.ts';
import type { EventPublisher } from './publish-events.ts';
import type { ImageConfigReader } from './registry/image-config-reader.ts';
import type { ContainerLog } from './task/container-log.ts';
import type { SecretLeases } from './task/lease-secrets.ts';
import type { TaskDefinitionRegistry } from './task/register-task-definition.ts';
import type { RunTaskSettings } from './task/run-job-task.ts';
import type { TaskDefinitionSettings } from './task/task-definition.ts';
import type { TaskWatcher } from './task/watch-tasks.ts';

/** Prices of tasks in the manager's region and network. */
export interface TaskPricing extends RegionPrices {
  region: string;
  hasPublicIp: boolean;
}

/** What serving jobs needs from the manager. Created once, when the manager starts. */
export interface ExecutorContext {
  fleet: FleetConfig;
  managerTaskArn: string;
  stateFolder: string;
  /** Environment of programs started by the manager. */
  inherited: Readonly<Record<string, string>>;
  awaitPort: AwaitPort;
  runTask: RunTaskSettings;
  taskDefinition: TaskDefinitionSettings;
  taskDefinitions: TaskDefinitionRegistry;
  secretLeases: SecretLeases;
  imageConfigs: ImageConfigReader;
  /** Limits what one project's jobs use of this manager at the same time. */
  projectShares: ProjectShares;
  watcher: TaskWatcher;
  /** Undefined if the fleet starts no tasks ahead. */
  ahead: AheadTasks | undefined;
  containerLog: ContainerLog;
  pricing: TaskPricing;
  /** Whether the job log links to the AWS console. */
  hasConsole: boolean;
  publish: EventPublisher;
  logger: Logger;
}
