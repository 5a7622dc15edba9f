import { readOurTasks } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import {
  type BatchParts,
  checkLaunchAllowed,
  createCapacityMemory,
  createCountedJobs,
  createHeldTasks,
  createSeenJobs,
  processBatch,
  type Settled,
  settleMessages,
} from '@serverless-gitlab-runner/runner-launcher';
import { type Actor, createActor, kill } from '../actor.ts';
import type { Clock } from '../clock.ts';
import { ecsClient, sqsClient, ssmClient } from '../ecs/sdk-clients.ts';
import type { EcsApi } from '../ecs/simulated-ecs.ts';
import type { Random } from '../random.ts';
import type { Wire } from '../wire.ts';
import type { Hops } from './hops.ts';
import { MAX_RECEIVES, type Queue, type ReceivedMessage } from './queue.ts';

export interface LauncherParts {
  clock: Clock;
  random: Random;
  wire: Wire;
  queue: Queue;
  hops: Hops;
  /** ECS for one invocation. */
  ecs(): EcsApi;
  config: FleetConfig;
  /** When a parameter was written last. */
  changedAt(name: string): number;
  /** What becomes of messages. */
  settled(settled: Settled[]): Settled[];
  /** Which of the messages that the launcher wants kept are kept. */
  keep(messageIds: readonly string[]): readonly string[];
  trace(line: string, fields: Record<string, unknown>): void;
  onCrash(error: unknown): void;
}

const CLUSTER = 'cluster';
const MOST_AT_ONCE = 2;
const TIMEOUT_MS = 60_000;
/** As in `handler.ts`. */
const BEGINS_UNTIL_MS = 35_000;
const SETTLES_AFTER_MS = 45_000;

/** What a Lambda's environment remembers from call to call. */
type Memory = Pick<BatchParts, 'capacity' | 'counted' | 'seen'> & {
  held: ReturnType<typeof createHeldTasks>;
};

/** Lambda and its event source mapping, with the launcher's own code in it. */
export function startLauncher(parts: LauncherParts): void {
  const { clock } = parts;
  const idle: Memory[] = [];
  let running = 0;
  let waits = false;

  const onVisible = () => {
    if (waits || running >= MOST_AT_ONCE) return;
    waits = true;
    clock.after(parts.queue.hasBatch() ? 0 : parts.hops.batchWindow(), () => {
      waits = false;
      const messages = parts.queue.receive();
      if (messages.length === 0) return;
      running += 1;
      start(messages);
      onVisible();
    });
  };

  const over = () => {
    running -= 1;
    onVisible();
  };

  const start = (messages: readonly ReceivedMessage[]) => {
    const actor = createActor('launcher', over);
    const memory = idle.pop() ?? freshMemory(clock);
    clock.after(TIMEOUT_MS, () => kill(actor));
    handle(actor, messages, memory, parts).then(
      () => {
        if (!actor.alive) return;
        idle.push(memory);
        kill(actor);
      },
      (error: unknown) => parts.onCrash(error),
    );
    // What it remembers from the call before it gets without a call that would wake it.
    clock.wake();
  };

  parts.queue.listeners.push(onVisible);
}

function freshMemory(clock: Clock): Memory {
  return {
    capacity: createCapacityMemory(clock.now),
    counted: createCountedJobs(clock.now),
    seen: createSeenJobs(),
    held: createHeldTasks(clock.now),
  };
}

/** The steps of the launcher's `handler.ts`. */
async function handle(
  actor: Actor,
  messages: readonly ReceivedMessage[],
  memory: Memory,
  parts: LauncherParts,
): Promise<void> {
  const { wire, queue } = parts;
  const settled = await processBatch(messages, batchParts(actor, memory, parts));
  const kept = await settleMessages(parts.settled(settled), {
    sqs: sqsClient(actor, wire, queue),
    queueUrl: 'queue',
    deadLetterQueueUrl: 'dead-letters',
    random: parts.random.next,
    warn: () => {},
  });
  if (!actor.alive) return;
  const keep = new Set(parts.keep(kept));
  const done = messages.filter(({ messageId }) => !keep.has(messageId));
  queue.delete(done.map(({ receiptHandle }) => receiptHandle));
}

function batchParts(actor: Actor, memory: Memory, parts: LauncherParts): BatchParts {
  const { clock, random, wire, config } = parts;
  const ecs = ecsClient(actor, wire, parts.ecs());
  const ssm = ssmClient(actor, wire, parts.changedAt);
  return {
    ...memory,
    ecs,
    cluster: CLUSTER,
    parameterPrefix: '/p',
    eventBusName: 'bus',
    timing: { now: clock.now, random: random.next, sleep: (milliseconds) => wire.sleep(actor, milliseconds) },
    readFleet: async () => {
      try {
        return { config: await wire.call(actor, () => config) };
      } catch {
        return { failure: { reason: 'unknown', message: 'SSM failed', permanent: false } };
      }
    },
    readWorld: () => memory.held.read(() => readOurTasks(ecs, CLUSTER, [{ desiredStatus: 'RUNNING' }])),
    checkLaunchAllowed: (serving, running) =>
      checkLaunchAllowed(serving, running, {
        ecs,
        ssm,
        cluster: CLUSTER,
        parameterPrefix: '/p',
        now: clock.now,
      }),
    maxReceives: MAX_RECEIVES,
    deadlineAt: clock.now() + BEGINS_UNTIL_MS,
    timeUp: new Promise<void>((resolve) => clock.after(SETTLES_AFTER_MS, resolve)),
    publish: async (build) => {
      build();
      try {
        await wire.call(actor, () => undefined);
      } catch {}
    },
    log: parts.trace,
  };
}
