import { createHash } from 'node:crypto';
import {
  type ECSClient,
  type Failure,
  RunTaskCommand,
  type RunTaskCommandInput,
  type TaskOverride,
} from '@aws-sdk/client-ecs';
import { type FailureKind, failureKind } from '@serverless-gitlab-runner/aws/calls';
import { type CapacityRefusal, capacityRefusal } from '@serverless-gitlab-runner/aws/ecs-tasks';
import {
  type CapacityProvider,
  type FleetConfig,
  HELPER_CONTAINER,
  type TaskTag,
} from '@serverless-gitlab-runner/fleet';
import { JobRefusedError, messageOf } from '../errors.ts';

/** What RunTask needs of the manager: the same for all of its jobs. */
export interface RunTaskSettings {
  ecs: ECSClient;
  cluster: string;
  /** The manager's task id: a manager's job tasks are listed by it. */
  startedBy: string;
  fleet: FleetConfig;
  /**
   * Milliseconds before the capacity providers are asked again: the first pause, which doubles each round, and the longest.
   * Defaults 5,000 and 60,000.
   */
  pauseMs?: { first: number; longest: number };
}

/** A task to start. */
export interface JobTaskOrder {
  taskDefinition: string;
  /** What distinguishes this start from any other; a repeated call with the same starts nothing twice. */
  startId: string;
  overrides: TaskOverride;
  tags: TaskTag[];
  /** Names the job even when StopTask has deleted the tags. */
  group: string;
}

/** AWS started nothing, and may start something later. */
export interface NotStarted {
  kind: 'not-now';
  capacityProvider: CapacityProvider;
  why: CapacityRefusal | 'throttled';
  reason: string;
}

/** What RunTask answered. */
export type RunTaskOutcome =
  | { kind: 'started'; taskArn: string; capacityProvider: CapacityProvider }
  | NotStarted
  /** Nothing was started: somebody deregistered or deleted the task definition. */
  | { kind: 'definition-gone'; reason: string }
  /** Where it `mayRun`, ECS's answer was lost: a task may have been started all the same. */
  | { kind: 'failed'; reason: string; mayRun: boolean };

/** ECS refuses larger ones. @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html */
export const MOST_OVERRIDE_CHARACTERS = 8192;
/** What AWS answers when it started nothing; after any other failure it may have. */
const REFUSALS: readonly FailureKind[] = ['refused', 'access-denied'];
/**
 * "TaskDefinition is inactive" comes as a ClientException or as an InvalidParameterException, "TaskDefinition not found." as the
 * former.
 */
const DEFINITION_GONE = /\bTaskDefinition (is inactive|not found)/i;

/** What varies by job: the helper's key and patience, and the environment of services that ECS starts as they are. The private key never travels. */
export function jobTaskOverrides(
  publicKey: string,
  deadManSeconds: number,
  services: ReadonlyMap<string, { name: string; value: string }[]>,
): TaskOverride {
  const helper = {
    name: HELPER_CONTAINER,
    environment: [
      { name: 'SSH_PUBLIC_KEY', value: publicKey },
      { name: 'DEAD_MAN_SECONDS', value: String(deadManSeconds) },
    ],
  };
  const others = [...services]
    .filter(([, environment]) => environment.length > 0)
    .map(([name, environment]) => ({ name, environment }));
  const overrides = { containerOverrides: [helper, ...others] };
  const { length } = JSON.stringify(overrides);
  if (length > MOST_OVERRIDE_CHARACTERS) {
    throw new JobRefusedError([
      `The variables for the services come to ${length} characters: AWS takes ${MOST_OVERRIDE_CHARACTERS} for a whole task.`,
      "Name the services' `entrypoint:` and `command:`, or have their registry listed in the fleet's job.imageConfigRegistries: then variables do not go this way.",
    ]);
  }
  return overrides;
}

/**
 * Starts a job task on one capacity provider.
 * @param round how often the providers were asked before: ECS would answer with a task that it ended for want of capacity
 */
export async function runJobTask(
  settings: RunTaskSettings,
  order: JobTaskOrder,
  capacityProvider: CapacityProvider,
  round = 0,
): Promise<RunTaskOutcome> {
  try {
    const answer = await settings.ecs.send(
      new RunTaskCommand(runTaskInput(settings, order, capacityProvider, round)),
    );
    const taskArn = answer.tasks?.[0]?.taskArn;
    if (taskArn) return { kind: 'started', taskArn, capacityProvider };
    return notStarted(capacityProvider, (answer.failures ?? []).map(failureInWords).join('; '), false);
  } catch (error) {
    const kind = failureKind(error);
    const reason = messageOf(error);
    if (kind === 'throttled') return { kind: 'not-now', capacityProvider, why: 'throttled', reason };
    if (kind === 'refused' && DEFINITION_GONE.test(reason)) return { kind: 'definition-gone', reason };
    return notStarted(capacityProvider, reason, !REFUSALS.includes(kind));
  }
}

function notStarted(capacityProvider: CapacityProvider, reason: string, mayRun: boolean): RunTaskOutcome {
  const why = capacityRefusal(reason);
  if (why !== undefined) return { kind: 'not-now', capacityProvider, why, reason };
  return { kind: 'failed', reason: reason || 'RunTask answered with neither a task nor a failure', mayRun };
}

function failureInWords(failure: Failure): string {
  return [failure.reason, failure.detail].filter((part) => part).join(': ');
}

function runTaskInput(
  { cluster, startedBy, fleet }: RunTaskSettings,
  order: JobTaskOrder,
  capacityProvider: CapacityProvider,
  round: number,
): RunTaskCommandInput {
  return {
    cluster,
    taskDefinition: order.taskDefinition,
    count: 1,
    // At most 64 characters; another provider or definition is another request, or ECS would call it a conflict.
    clientToken: createHash('sha256')
      .update(`${startedBy} ${order.startId} ${capacityProvider} ${round} ${order.taskDefinition}`)
      .digest('hex'),
    startedBy,
    capacityProviderStrategy: [{ capacityProvider, weight: 1 }],
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: fleet.network.subnets,
        securityGroups: fleet.network.jobSecurityGroups,
        assignPublicIp: fleet.network.assignPublicIp ? 'ENABLED' : 'DISABLED',
      },
    },
    overrides: order.overrides,
    group: order.group,
    tags: order.tags,
  };
}
