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

/** The manager's settings for RunTask, the same for all of its jobs. */
export interface RunTaskSettings {
  ecs: ECSClient;
  cluster: string;
  /** The manager's task id, by which its job tasks are listed. */
  startedBy: string;
  fleet: FleetConfig;
  /**
   * Milliseconds before the capacity providers are tried again: the first pause, which doubles each round, and the longest one.
   * Defaults: 5,000 and 60,000.
   */
  pauseMs?: { first: number; longest: number };
}

/** A task to start. */
export interface JobTaskOrder {
  taskDefinition: string;
  /** Identifies this start: repeated calls with the same id start only one task. */
  startId: string;
  overrides: TaskOverride;
  tags: TaskTag[];
  /** Identifies the job even after StopTask has deleted the tags. */
  group: string;
}

/** AWS started no task, and a retry may succeed. */
export interface NotStarted {
  kind: 'not-now';
  capacityProvider: CapacityProvider;
  why: CapacityRefusal | 'throttled';
  reason: string;
}

/** Result of RunTask. */
export type RunTaskOutcome =
  | { kind: 'started'; taskArn: string; capacityProvider: CapacityProvider }
  | NotStarted
  /** Nothing was started: the task definition was deregistered or deleted. */
  | { kind: 'definition-gone'; reason: string }
  /** If it `mayRun`, ECS's response was lost, and a task may have been started anyway. */
  | { kind: 'failed'; reason: string; mayRun: boolean };

/** ECS refuses larger overrides. @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html */
export const MAX_OVERRIDE_CHARACTERS = 8192;
/** Failures after which certainly no task was started. After any other failure, one may have been. */
const REFUSALS: readonly FailureKind[] = ['refused', 'access-denied'];
/**
 * "TaskDefinition is inactive" comes as a ClientException or as an InvalidParameterException, "TaskDefinition not found." as the
 * former.
 */
const DEFINITION_GONE = /\bTaskDefinition (is inactive|not found)/i;

/**
 * Overrides that vary by job: the helper's public key and heartbeat timeout, and the environment of services that ECS starts
 * without the service agent. The private key never leaves the manager.
 * @param purpose the task's job, for the helper's log; or, for a task started ahead, seconds after which it ends if no stage has
 *   begun
 */
export function jobTaskOverrides(
  publicKey: string,
  deadManSeconds: number,
  services: ReadonlyMap<string, { name: string; value: string }[]>,
  purpose: { jobId: number } | { unclaimedSeconds: number },
): TaskOverride {
  const helper = {
    name: HELPER_CONTAINER,
    environment: [
      { name: 'SSH_PUBLIC_KEY', value: publicKey },
      { name: 'DEAD_MAN_SECONDS', value: String(deadManSeconds) },
      'jobId' in purpose
        ? { name: 'JOB_ID', value: String(purpose.jobId) }
        : { name: 'UNCLAIMED_SECONDS', value: String(purpose.unclaimedSeconds) },
    ],
  };
  const others = [...services]
    .filter(([, environment]) => environment.length > 0)
    .map(([name, environment]) => ({ name, environment }));
  const overrides = { containerOverrides: [helper, ...others] };
  const { length } = JSON.stringify(overrides);
  if (length > MAX_OVERRIDE_CHARACTERS) {
    throw new JobRefusedError([
      `The RunTask override with the services' variables has ${length} characters; ECS allows ${MAX_OVERRIDE_CHARACTERS} for a whole task.`,
      "Set the services' `entrypoint:` and `command:`, or have their registry added to the fleet's job.imageConfigRegistries: their variables then do not need the override.",
    ]);
  }
  return overrides;
}

/**
 * Starts a job task on one capacity provider.
 * @param round how often the providers were tried before. Without it, ECS would return the task that it stopped for lack of room
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
    return notStarted(capacityProvider, (answer.failures ?? []).map(formatFailure).join('; '), false);
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
  return { kind: 'failed', reason: reason || 'RunTask returned neither a task nor a failure', mayRun };
}

function formatFailure(failure: Failure): string {
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
    // At most 64 characters. Another provider or definition needs another token, otherwise ECS reports a conflict.
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
