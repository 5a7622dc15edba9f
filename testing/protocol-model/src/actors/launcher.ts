import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import {
  acknowledgeMessages,
  type BatchDeps,
  checkLaunchAllowed,
  createCapacityMemory,
  createExpectedJobs,
  createStartedJobs,
  createTaskCache,
  type MessageOutcome,
  processBatch,
} from '@serverless-gitlab-runner/runner-launcher';
import { type Actor, createActor, kill } from '../actor.ts';
import type { Clock } from '../clock.ts';
import { ecsClient, sqsClient, ssmClient } from '../ecs/sdk-clients.ts';
import type { EcsApi } from '../ecs/simulated-ecs.ts';
import type { Random } from '../random.ts';
import type { Wire } from '../wire.ts';
import type { Latencies } from './latencies.ts';
import { MAX_RECEIVES, type Queue, type ReceivedMessage } from './queue.ts';

export interface LauncherDeps {
  clock: Clock;
  random: Random;
  wire: Wire;
  queue: Queue;
  latencies: Latencies;
  /** ECS for one invocation. */
  ecs(): EcsApi;
  config: FleetConfig;
  /** When a parameter was last written. */
  changedAt(name: string): number;
  /** Changes the outcomes of messages. */
  settled(settled: MessageOutcome[]): MessageOutcome[];
  /** Changes which messages stay in the queue. */
  keep(messageIds: readonly string[]): readonly string[];
  trace(line: string, fields: Record<string, unknown>): void;
  onCrash(error: unknown): void;
}

const CLUSTER = 'cluster';
export const MAX_CONCURRENCY = 2;
const TIMEOUT_MS = 60_000;
/** As in `handler.ts`. */
const LAUNCH_UNTIL_MS = 35_000;
const SETTLE_AFTER_MS = 45_000;

/** State that a Lambda environment keeps between invocations. */
type Memory = Pick<BatchDeps, 'capacity' | 'expectedJobs' | 'startedJobs'> & {
  taskCache: ReturnType<typeof createTaskCache>;
};

/** Lambda and its event source mapping, running the launcher's real code. */
export function startLauncher(deps: LauncherDeps): void {
  const { clock } = deps;
  const idle: Memory[] = [];
  let running = 0;
  let isWaiting = false;

  const onVisible = () => {
    if (isWaiting || running >= MAX_CONCURRENCY) return;
    isWaiting = true;
    clock.after(deps.queue.hasBatch() ? 0 : deps.latencies.batchWindow(), () => {
      isWaiting = false;
      const messages = deps.queue.receive();
      if (messages.length === 0) return;
      running += 1;
      start(messages);
      onVisible();
    });
  };

  const onEnd = () => {
    running -= 1;
    onVisible();
  };

  const start = (messages: readonly ReceivedMessage[]) => {
    const memory = idle.pop() ?? freshMemory(clock);
    const actor = createActor('launcher', onEnd, memory);
    clock.after(TIMEOUT_MS, () => kill(actor));
    handle(actor, messages, memory, deps).then(
      () => {
        if (!actor.alive) return;
        idle.push(memory);
        kill(actor);
      },
      (error: unknown) => deps.onCrash(error),
    );
    // An invocation that only needs its memory makes no call that would wake the clock.
    clock.wake();
  };

  deps.queue.listeners.push(onVisible);
}

function freshMemory(clock: Clock): Memory {
  return {
    capacity: createCapacityMemory(clock.now),
    expectedJobs: createExpectedJobs(clock.now),
    startedJobs: createStartedJobs(),
    taskCache: createTaskCache(clock.now),
  };
}

/** The steps of the launcher's `handler.ts`. */
async function handle(
  actor: Actor,
  messages: readonly ReceivedMessage[],
  memory: Memory,
  deps: LauncherDeps,
): Promise<void> {
  const { wire, queue } = deps;
  const settled = await processBatch(messages, batchDeps(actor, memory, deps));
  const kept = await acknowledgeMessages(deps.settled(settled), {
    sqs: sqsClient(actor, wire, queue),
    queueUrl: 'queue',
    deadLetterQueueUrl: 'dead-letters',
    random: deps.random.next,
    warn: () => {},
  });
  if (!actor.alive) return;
  const keep = new Set(deps.keep(kept));
  const done = messages.filter(({ messageId }) => !keep.has(messageId));
  queue.delete(done.map(({ receiptHandle }) => receiptHandle));
}

function batchDeps(actor: Actor, memory: Memory, deps: LauncherDeps): BatchDeps {
  const { clock, random, wire, config } = deps;
  const ecs = ecsClient(actor, wire, deps.ecs());
  const ssm = ssmClient(actor, wire, deps.changedAt);
  return {
    ...memory,
    ecs,
    cluster: CLUSTER,
    parameterPrefix: '/p',
    eventBusName: 'bus',
    timing: { now: clock.now, random: random.next, sleep: (milliseconds) => wire.sleep(actor, milliseconds) },
    readFleet: async () => {
      try {
        return { config: await wire.call(actor, 'GetParameter', () => config) };
      } catch {
        return { failure: { reason: 'unknown', message: 'SSM failed', permanent: false } };
      }
    },
    readClusterState: () => memory.taskCache.read(ecs, CLUSTER),
    checkLaunchAllowed: (runnerQueue, running) =>
      checkLaunchAllowed(runnerQueue, running, {
        ecs,
        ssm,
        cluster: CLUSTER,
        parameterPrefix: '/p',
        now: clock.now,
      }),
    maxReceives: MAX_RECEIVES,
    deadlineAt: clock.now() + LAUNCH_UNTIL_MS,
    timeUp: new Promise<void>((resolve) => clock.after(SETTLE_AFTER_MS, resolve)),
    publish: async (build) => {
      build();
      try {
        await wire.call(actor, 'PutEvents', () => undefined);
      } catch {}
    },
    log: deps.trace,
  };
}
