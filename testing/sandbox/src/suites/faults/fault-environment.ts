import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type AccountSwitch, accessKeyOf, emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import {
  awsDialect,
  CallRecord,
  type FaultProxy,
  gitlabDialect,
  startFaultProxy,
} from '@serverless-gitlab-runner/fault-proxy';
import { type Cleanup, type Log, step } from '@serverless-gitlab-runner/machine';
import type { PreparedMachine } from '../../system/prepare-machine.ts';
import { startTestEnvironment, type TestEnvironment } from '../../system/test-environment.ts';
import { EventTap } from './event-tap.ts';
import { Lambdas } from './lambdas.ts';
import { LauncherLog } from './launcher-log.ts';
import { managerRoleOf, shortenVisibility } from './prepare-system.ts';

/** Shorter than a fleet's defaults, so that a run takes seconds. Two managers of four jobs each. */
export const FAULT_FLEET = {
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
  // Faults that need the safety launch turn it on. In the others it would hide problems.
  safetyLaunchSeconds: 0,
} as const;

/** Seconds for which ECS lists a stopped task. Short, so that one fault's stopped tasks do not slow the next one's replacements. */
const STOPPED_TASKS_KEPT_SECONDS = 60;
/**
 * Maximum number of concurrent webhook deliveries. Each one that finds no warm Lambda starts one, and all share the machine's
 * cores: with more, the cold starts after `lambdas.restart()` may take GitLab's ten seconds on a busy machine, and GitLab
 * disables a webhook after four failures.
 */
const CONCURRENT_DELIVERIES = 6;
/**
 * How long GitLab holds a runner's request for a job open; 50 s in reality. Jobs are given to requests that have been open for
 * a while, including those of a drained manager.
 */
const LONG_POLL_MS = 4000;

/** A test environment with a fault proxy on each of its connections. */
export interface FaultEnvironment extends TestEnvironment {
  /** Whether it was deployed into an account that had never used ECS. */
  isNewAccount: boolean;
  /** Between Lambdas or managers and AWS. */
  aws: FaultProxy;
  /** Between managers or job tasks and GitLab. */
  gitlabProxy: FaultProxy;
  /** Between GitLab and the webhook receiver. */
  webhooks: FaultProxy;
  /** The webhook's URL through the proxy. */
  webhookUrl: string;
  record: CallRecord;
  lambdas: Lambdas;
  launcherLog: LauncherLog;
  tap: EventTap;
  sqs: SQSClient;
  events: EventBridgeClient;
}

/** An account in which ECS's service-linked role is missing, the deployer may not create it, and ECS creates it slowly. */
const NEW_ACCOUNT: AccountSwitch = { new: true, lagSeconds: 3, mayCreateRole: false };

export interface FaultEnvironmentOptions {
  log: Log;
  cleanup: Cleanup;
  machine: PreparedMachine;
  signal?: AbortSignal;
  /** Whether to deploy into an account that has never used ECS. Default false. */
  isNewAccount?: boolean;
}

/** Starts the proxies and the environment that they connect. */
export async function startFaultEnvironment({
  log,
  cleanup,
  machine,
  signal,
  isNewAccount = false,
}: FaultEnvironmentOptions): Promise<FaultEnvironment> {
  let environment: TestEnvironment | undefined;
  const launcherLog = new LauncherLog();
  const record = new CallRecord((task) => environment?.observer.find(task));
  const names = new Map<string, string>();
  const dialect = awsDialect((accessKey) => names.get(accessKey));
  const proxies = new Proxies(cleanup);
  environment = await startTestEnvironment({
    log,
    cleanup,
    machine,
    ...(signal ? { signal } : {}),
    emulator: {
      ...(isNewAccount ? { account: NEW_ACCOUNT } : {}),
      stoppedTasksKeptSeconds: STOPPED_TASKS_KEPT_SECONDS,
      onLogLine: (line) => launcherLog.add(line),
      taskEndpoint: async (host) => {
        const onCall = (...[call, status]: Parameters<CallRecord['add']>) => record.add(call, status);
        return (await proxies.start('aws', { host, dialect, onCall })).url;
      },
    },
    gitlab: async (host) => ({
      externalUrl: (await proxies.start('gitlab', { host, dialect: gitlabDialect })).url,
      concurrentDeliveries: CONCURRENT_DELIVERIES,
      traceUpdateInterval: 1,
      longPollMs: LONG_POLL_MS,
    }),
    runner: { description: 'the fault fleet' },
    fleets: async ({ emulator, gitlab }) => {
      proxies.get('aws').forwardTo(emulator.endpoint);
      proxies.get('gitlab').forwardTo(`http://${emulator.gatewayAddress}:${gitlab.port}`);
      return { fleet: mutable(FAULT_FLEET) };
    },
  });
  const { emulator, system } = environment;
  const webhooks = await proxies.start('webhooks', { host: '127.0.0.1', dialect: gitlabDialect });
  webhooks.forwardTo(emulator.endpoint);
  const client = emulatorClient(emulator.endpoint);
  const sqs = new SQSClient(client);
  const events = new EventBridgeClient(client);
  const lambdas = new Lambdas(new LambdaClient(client), emulator.containerName, system.outputs);
  await step(log, "Routing the Lambdas' AWS calls through the proxy", async () => {
    names.set(accessKeyOf(await managerRoleOf(system)), 'manager');
    await shortenVisibility(sqs, system.outputs.QueueUrl);
    await lambdas.pointAt(proxies.get('aws').url);
  });
  return {
    ...environment,
    isNewAccount,
    aws: proxies.get('aws'),
    gitlabProxy: proxies.get('gitlab'),
    webhooks,
    record,
    lambdas,
    launcherLog,
    sqs,
    events,
    tap: await EventTap.start(events, sqs, system.outputs.EventBusName),
    webhookUrl: rebased(system.webhookUrl, webhooks.url),
  };
}

/** The proxies by their target. Each is stopped with the environment. */
class Proxies {
  readonly #started = new Map<string, FaultProxy>();
  readonly #cleanup: Cleanup;

  constructor(cleanup: Cleanup) {
    this.#cleanup = cleanup;
  }

  async start(target: string, options: Parameters<typeof startFaultProxy>[0]): Promise<FaultProxy> {
    const proxy = await startFaultProxy(options);
    this.#cleanup.add(`the proxy for ${target}`, () => proxy.stop());
    this.#started.set(target, proxy);
    return proxy;
  }

  get(target: string): FaultProxy {
    const proxy = this.#started.get(target);
    if (proxy === undefined) throw new Error(`the proxy for ${target} was not started`);
    return proxy;
  }
}

/** Returns the URL's path and query on another host. */
function rebased(url: string, base: string): string {
  const { pathname, search } = new URL(url);
  return `${base}${pathname}${search}`;
}

/** Returns a copy without the literal's `readonly`. */
function mutable(fleet: typeof FAULT_FLEET) {
  const { manager, job } = fleet;
  return {
    ...fleet,
    manager: { ...manager, capacity: [...manager.capacity] },
    job: { ...job, capacity: [...job.capacity] },
  };
}
