import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Emulator } from '@serverless-gitlab-runner/aws-emulator';
import { accessKeyOf, emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import {
  awsDialect,
  CallRecord,
  type FaultProxy,
  gitlabDialect,
  startFaultProxy,
} from '@serverless-gitlab-runner/fault-proxy';
import { type GitLabDouble, startGitLabDouble } from '@serverless-gitlab-runner/gitlab-double';
import type { Cleanup } from '@serverless-gitlab-runner/machine';
import { type Log, step } from '@serverless-gitlab-runner/machine';
import { deploySystem, type System } from '../../system/deploy-system.ts';
import { TaskObserver } from '../../system/observe-tasks.ts';
import type { PreparedMachine } from '../../system/prepare-machine.ts';
import { startEmulatorFor } from '../../system/start-emulator.ts';
import { EventTap } from './event-tap.ts';
import { Lambdas } from './lambdas.ts';
import { managerRoleOf, shortenVisibility } from './prepare-system.ts';

/** Shorter than a fleet's defaults, so that a run takes seconds; two managers of four jobs each. */
export const LABORATORY_FLEET = {
  manager: {
    max: 2,
    concurrentJobs: 4,
    idleSeconds: 5,
    checkIntervalSeconds: 1,
    drainPollSeconds: 0.5,
    drainGraceSeconds: 180,
    capacity: ['FARGATE_SPOT', 'FARGATE'],
  },
  job: {
    size: { cpu: 256, memory: 512 },
    deadManSeconds: 30,
    startTimeoutSeconds: 60,
    capacity: ['FARGATE_SPOT', 'FARGATE'],
  },
  // Faults that need the safety launch turn it on: it would mend what the others are to show.
  safetyLaunchSeconds: 0,
} as const;

/** Seconds for which ECS lists a stopped task, so that one fault's dead do not slow the next one's replacements. */
const STOPPED_TASKS_KEPT_SECONDS = 60;
/** GitLab holds a runner's request open for 50 s: jobs come to requests that have been open for a while, also to one of a drained manager. */
const LONG_POLL_MS = 4000;

/** One deployed system with a proxy on each of its ways, for all faults. */
export interface Laboratory {
  runId: string;
  emulator: Emulator;
  gitlab: GitLabDouble;
  system: System;
  /** Between Lambdas, managers and AWS. */
  aws: FaultProxy;
  /** Between managers, job tasks and GitLab. */
  gitlabProxy: FaultProxy;
  /** Between GitLab and the webhook's receiver. */
  webhooks: FaultProxy;
  /** The webhook's URL through the proxy. */
  webhookUrl: string;
  observer: TaskObserver;
  record: CallRecord;
  lambdas: Lambdas;
  tap: EventTap;
  sqs: SQSClient;
  events: EventBridgeClient;
}

export interface LaboratoryOptions {
  log: Log;
  cleanup: Cleanup;
  machine: PreparedMachine;
  signal?: AbortSignal;
}

/** Starts the proxies, the emulator and the GitLab double, and deploys the system between them. */
export async function startLaboratory(options: LaboratoryOptions): Promise<Laboratory> {
  const { log, cleanup, machine, signal } = options;
  let observer: TaskObserver | undefined;
  const record = new CallRecord((task) => observer?.find(task));
  const names = new Map<string, string>();
  const dialect = awsDialect((accessKey) => names.get(accessKey));
  let aws: FaultProxy | undefined;
  const emulator = await startEmulatorFor(log, cleanup, machine, {
    stoppedTasksKeptSeconds: STOPPED_TASKS_KEPT_SECONDS,
    taskEndpoint: async (host) => {
      aws = await startFaultProxy({ host, dialect, onCall: (call, status) => record.add(call, status) });
      return aws.url;
    },
  });
  if (aws === undefined) throw new Error('the emulator did not ask for the endpoint of its tasks');
  const awsProxy: FaultProxy = aws;
  cleanup.add('the proxy before AWS', () => awsProxy.stop());
  awsProxy.forwardTo(emulator.endpoint);

  const { gitlab, gitlabProxy } = await startGitLab(emulator.gatewayAddress, cleanup);
  const { token: runnerToken } = gitlab.createRunner({ description: 'the fleet of the faults' });
  const system = await deploySystem({
    ...{ log, machine, emulator, gitlabUrl: gitlab.url, runnerToken, fleet: mutable(LABORATORY_FLEET) },
    ...(signal ? { signal } : {}),
  });
  const webhooks = await startFaultProxy({ host: '127.0.0.1', dialect: gitlabDialect });
  cleanup.add('the proxy before the receiver', () => webhooks.stop());
  webhooks.forwardTo(emulator.endpoint);

  const client = emulatorClient(emulator.endpoint);
  const sqs = new SQSClient(client);
  const events = new EventBridgeClient(client);
  const lambdas = new Lambdas(new LambdaClient(client), emulator.containerName, system.outputs);
  await step(log, 'Putting the proxy before the Lambdas', async () => {
    names.set(accessKeyOf(await managerRoleOf(system)), 'manager');
    await shortenVisibility(sqs, system.outputs.QueueUrl);
    await lambdas.pointAt(awsProxy.url);
  });
  const tap = await EventTap.start(events, sqs, system.outputs.EventBusName);
  const tasks = new TaskObserver(system.ecs, system.outputs.ClusterArn, () => undefined);
  observer = tasks;
  cleanup.add('the observer', () => tasks.stop());
  return {
    ...{
      runId: machine.runId,
      emulator,
      gitlab,
      system,
      aws: awsProxy,
      gitlabProxy,
      webhooks,
      observer: tasks,
      record,
    },
    ...{ lambdas, tap, sqs, events, webhookUrl: rebased(system.webhookUrl, webhooks.url) },
  };
}

async function startGitLab(host: string, cleanup: Cleanup) {
  const gitlabProxy = await startFaultProxy({ host, dialect: gitlabDialect });
  cleanup.add('the proxy before GitLab', () => gitlabProxy.stop());
  const gitlab = await startGitLabDouble({
    ...{ host, externalUrl: gitlabProxy.url, traceUpdateInterval: 1, longPollMs: LONG_POLL_MS },
  });
  cleanup.add('the GitLab double', () => gitlab.stop());
  gitlabProxy.forwardTo(`http://${host}:${gitlab.port}`);
  return { gitlab, gitlabProxy };
}

/** The same path and query on another host. */
function rebased(url: string, base: string): string {
  const { pathname, search } = new URL(url);
  return `${base}${pathname}${search}`;
}

/** A copy that may be handed to where a literal's `readonly` is not taken. */
function mutable(fleet: typeof LABORATORY_FLEET) {
  const { manager, job } = fleet;
  return {
    ...fleet,
    manager: { ...manager, capacity: [...manager.capacity] },
    job: { ...job, capacity: [...job.capacity] },
  };
}
