import type { ECSClient } from '@aws-sdk/client-ecs';
import type { Timing } from '@serverless-gitlab-runner/aws/calls';

/** A token bucket of requests: its capacity, and its refill rate. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/**
 * AWS's rate limits for ECS calls of one account in one region.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html
 */
export const ECS_RATES = {
  reads: { burst: 100, perSecond: 20 },
  tasks: { burst: 100, perSecond: 40 },
  /** Fargate's own limit, besides `tasks`. Its limits of tasks launched a second are wider for calls that start one task each. */
  runTask: { burst: 20, perSecond: 20 },
  tags: { burst: 20, perSecond: 10 },
  /** RegisterTaskDefinition and DeregisterTaskDefinition together. */
  definitions: { burst: 20, perSecond: 1 },
} as const satisfies Record<string, Rate>;

export type RateName = keyof typeof ECS_RATES;

/**
 * The buckets that a command draws from. RegisterTaskDefinition is not paced: a job shape is registered once, and a job waits for
 * it. With fifty managers sharing half of one a second, a first job would wait for minutes. Many new shapes at once wait for
 * AWS's own limit. Deregistration has a share, so that most of the rate is left for registrations.
 */
const BUCKETS_OF: Readonly<Record<string, readonly RateName[]>> = {
  ListTasksCommand: ['reads'],
  DescribeTasksCommand: ['reads'],
  RunTaskCommand: ['tasks', 'runTask'],
  StopTaskCommand: ['tasks'],
  TagResourceCommand: ['tags'],
  DeregisterTaskDefinitionCommand: ['definitions'],
};

/** A share of a rate, 0 to 1: of both its capacity and its refill rate, or of each. */
export type Share = number | Rate;

/**
 * Shares of the account's rates. 0: calls that draw from that bucket are rare or urgent, and not paced. A manager tags a
 * task when a waiting job claims it; with fifty managers sharing one call a second, the job would wait longer than for a new task.
 */
export type Shares = Readonly<Record<RateName, Share>>;

/**
 * The share of each component, for all of its processes together. The sum is below half of each rate, so that other users of the
 * account, coinciding calls, and a process count that is wrong for a minute do no harm. Launchers may start ten managers at once:
 * the jobs of new managers need RunTask only when those run, and by then the rate has recovered.
 */
export const ECS_SHARES = {
  launcher: {
    reads: 0.2,
    tasks: { burst: 0.1, perSecond: 0.07 },
    runTask: { burst: 0.5, perSecond: 0.14 },
    tags: 0.35,
    definitions: 0,
  },
  reaper: { reads: 0.08, tasks: 0.05, runTask: 0, tags: 0.1, definitions: 0.25 },
  managers: { reads: 0.2, tasks: 0.34, runTask: 0.35, tags: 0, definitions: 0 },
} as const satisfies Record<string, Shares>;

/** Waits until an SDK command may be sent. The argument is the name of its class. */
export type Pace = (command: string) => Promise<void>;

/**
 * Creates a pace that stays within a share of the account's rates.
 * @param processes returns the number of processes that now use the share together; called before every command
 */
export function createPace(shares: Shares, processes: () => number, timing: Timing): Pace {
  const buckets = new Map<RateName, Bucket>();
  return async (command) => {
    const waits = (BUCKETS_OF[command] ?? []).map((name) => {
      if (shares[name] === 0) return 0;
      const bucket = buckets.get(name) ?? createBucket(timing);
      buckets.set(name, bucket);
      return bucket.take(rateOf(name, shares[name], Math.max(1, processes())));
    });
    const wait = Math.max(0, ...waits);
    if (wait > 0) await timing.sleep(wait);
  };
}

/** The rate of one of several processes that use a share together. */
function rateOf(name: RateName, share: Share, processes: number): Rate {
  const of = typeof share === 'number' ? { burst: share, perSecond: share } : share;
  const { burst, perSecond } = ECS_RATES[name];
  return { burst: (burst * of.burst) / processes, perSecond: (perSecond * of.perSecond) / processes };
}

/** Makes a client wait for the pace before each call. Each attempt counts as a call, as AWS counts it. */
export function keepToShare(client: ECSClient, ...share: Parameters<typeof createPace>): void {
  const pace = createPace(...share);
  client.middlewareStack.add(
    (next, context) => async (args) => {
      await pace(context.commandName ?? '');
      return next(args);
    },
    // After the SDK's retry middleware in the same step, so that each retry waits too.
    { step: 'finalizeRequest', name: 'keepToShare', priority: 'low', override: true },
  );
}

interface Bucket {
  /** Takes one call. @returns milliseconds until it may be made */
  take(rate: Rate): number;
}

/**
 * A token bucket whose level may become negative: a caller that finds it empty queues up and waits until its call is covered. It
 * holds at least one call, although a process's share of the capacity may be less. One burst of jobs empties many such small
 * buckets at once. Therefore the first call on a full one is delayed at random by up to the time of one call; otherwise the calls
 * of all managers would coincide.
 */
function createBucket({ now, random }: Timing): Bucket {
  let level = Number.POSITIVE_INFINITY;
  let at = now();
  return {
    take({ burst, perSecond }) {
      const elapsed = (now() - at) / 1000;
      const capacity = Math.max(1, burst);
      const isFull = level + elapsed * perSecond >= capacity;
      level = Math.min(capacity, level + elapsed * perSecond) - 1;
      if (isFull && burst < 1) level -= random();
      at = now();
      return level >= 0 ? 0 : (-level / perSecond) * 1000;
    },
  };
}
