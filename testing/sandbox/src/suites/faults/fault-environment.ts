import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { accessKeyOf, emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
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
import { managerRoleOf, shortenVisibility } from './prepare-system.ts';

/** Shorter than a fleet's defaults, so that a run takes seconds; two managers of four jobs each. */
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
  // Faults that need the safety launch turn it on: it would mend what the others are to show.
  safetyLaunchSeconds: 0,
} as const;

/** Seconds for which ECS lists a stopped task, so that one fault's dead do not slow the next one's replacements. */
const STOPPED_TASKS_KEPT_SECONDS = 60;
/** Webhook deliveries at one time, as many as one Sidekiq process makes. */
const CONCURRENT_DELIVERIES = 20;
/** GitLab holds a runner's request open for 50 s: jobs come to requests that have been open for a while, also to one of a drained manager. */
const LONG_POLL_MS = 4000;

/** A test environment with a proxy on each of its ways. */
export interface FaultEnvironment extends TestEnvironment {
  /** Between Lambdas, managers and AWS. */
  aws: FaultProxy;
  /** Between managers, job tasks and GitLab. */
  gitlabProxy: FaultProxy;
  /** Between GitLab and the webhook's receiver. */
  webhooks: FaultProxy;
  /** The webhook's URL through the proxy. */
  webhookUrl: string;
  record: CallRecord;
  lambdas: Lambdas;
  tap: EventTap;
  sqs: SQSClient;
  events: EventBridgeClient;
}

export interface FaultEnvironmentOptions {
  log: Log;
  cleanup: Cleanup;
  machine: PreparedMachine;
  signal?: AbortSignal;
}

/** Starts the proxies, and the environment between them. */
export async function startFaultEnvironment({
  log,
  cleanup,
  machine,
  signal,
}: FaultEnvironmentOptions): Promise<FaultEnvironment> {
  let environment: TestEnvironment | undefined;
  const record = new CallRecord((task) => environment?.observer.find(task));
  const names = new Map<string, string>();
  const dialect = awsDialect((accessKey) => names.get(accessKey));
  const proxies = new Proxies(cleanup);
  environment = await startTestEnvironment({
    ...{ log, cleanup, machine, ...(signal ? { signal } : {}) },
    emulator: {
      stoppedTasksKeptSeconds: STOPPED_TASKS_KEPT_SECONDS,
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
    runner: { description: 'the fleet of the faults' },
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
  await step(log, 'Putting the proxy before the Lambdas', async () => {
    names.set(accessKeyOf(await managerRoleOf(system)), 'manager');
    await shortenVisibility(sqs, system.outputs.QueueUrl);
    await lambdas.pointAt(proxies.get('aws').url);
  });
  return {
    ...environment,
    ...{
      aws: proxies.get('aws'),
      gitlabProxy: proxies.get('gitlab'),
      webhooks,
      record,
      lambdas,
      sqs,
      events,
    },
    tap: await EventTap.start(events, sqs, system.outputs.EventBusName),
    webhookUrl: rebased(system.webhookUrl, webhooks.url),
  };
}

/** The proxies by what they stand before; each is stopped with the environment. */
class Proxies {
  readonly #started = new Map<string, FaultProxy>();
  readonly #cleanup: Cleanup;

  constructor(cleanup: Cleanup) {
    this.#cleanup = cleanup;
  }

  async start(before: string, options: Parameters<typeof startFaultProxy>[0]): Promise<FaultProxy> {
    const proxy = await startFaultProxy(options);
    this.#cleanup.add(`the proxy before ${before}`, () => proxy.stop());
    this.#started.set(before, proxy);
    return proxy;
  }

  get(before: string): FaultProxy {
    const proxy = this.#started.get(before);
    if (proxy === undefined) throw new Error(`the proxy before ${before} was not asked for`);
    return proxy;
  }
}

/** The same path and query on another host. */
function rebased(url: string, base: string): string {
  const { pathname, search } = new URL(url);
  return `${base}${pathname}${search}`;
}

/** A copy that may be handed to where a literal's `readonly` is not taken. */
function mutable(fleet: typeof FAULT_FLEET) {
  const { manager, job } = fleet;
  return {
    ...fleet,
    manager: { ...manager, capacity: [...manager.capacity] },
    job: { ...job, capacity: [...job.capacity] },
  };
}
