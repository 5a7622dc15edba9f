import type { ECSClient } from '@aws-sdk/client-ecs';
import type { Timing } from '@serverless-gitlab-runner/aws/calls';

/** A bucket of requests: what it holds at most, and what it gains a second. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/**
 * How fast AWS lets one account call ECS in one region.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html
 */
export const ECS_RATES = {
  reads: { burst: 100, perSecond: 20 },
  tasks: { burst: 100, perSecond: 40 },
  /** Fargate's own, besides `tasks`. Its limits of tasks launched a second are wider for calls that start one task each. */
  runTask: { burst: 20, perSecond: 20 },
  tags: { burst: 20, perSecond: 10 },
  /** RegisterTaskDefinition and DeregisterTaskDefinition together. */
  definitions: { burst: 20, perSecond: 1 },
} as const satisfies Record<string, Rate>;

export type RateName = keyof typeof ECS_RATES;

/**
 * Which rates a command takes of. RegisterTaskDefinition is not paced: a shape of jobs is registered once and a job waits for it,
 * and a manager among fifty, with its part of half of one a second, would let a first job wait for minutes. Many shapes at one
 * time wait for AWS's own limit. Whoever deregisters has a share, so that most of the rate is left for them.
 */
const BUCKETS_OF: Readonly<Record<string, readonly RateName[]>> = {
  ListTasksCommand: ['reads'],
  DescribeTasksCommand: ['reads'],
  RunTaskCommand: ['tasks', 'runTask'],
  StopTaskCommand: ['tasks'],
  TagResourceCommand: ['tags'],
  DeregisterTaskDefinitionCommand: ['definitions'],
};

/** Parts of the account's rates, 0 to 1; 0 where no paced command is ever called. */
export type Shares = Readonly<Record<RateName, number>>;

/**
 * Who may use how much, all of its processes together: less than half of each rate in all, so that other users of the account,
 * calls that come together by chance, and a share that is miscounted for a minute, do no harm.
 */
export const ECS_SHARES = {
  launcher: { reads: 0.12, tasks: 0.03, runTask: 0.05, tags: 0.35, definitions: 0 },
  reaper: { reads: 0.12, tasks: 0.05, runTask: 0, tags: 0.1, definitions: 0.25 },
  managers: { reads: 0.2, tasks: 0.35, runTask: 0.35, tags: 0, definitions: 0 },
} as const satisfies Record<string, Shares>;

/** Waits until a command of the SDK may be sent, by its class's name. */
export type Pace = (command: string) => Promise<void>;

/**
 * Makes a pace that keeps to a share of the account's rates.
 * @param processes how many processes use the share together, now; asked at every call
 */
export function createPace(shares: Shares, processes: () => number, timing: Timing): Pace {
  const buckets = new Map<RateName, Bucket>();
  return async (command) => {
    for (const name of BUCKETS_OF[command] ?? []) {
      const bucket = buckets.get(name) ?? createBucket(timing);
      buckets.set(name, bucket);
      const share = shares[name] / Math.max(1, processes());
      const { burst, perSecond } = ECS_RATES[name];
      const wait = bucket.take({ burst: burst * share, perSecond: perSecond * share });
      if (wait > 0) await timing.sleep(wait);
    }
  };
}

/** Makes a client wait for the pace before each call. Tries count like calls, as AWS counts them. */
export function keepToShare(client: ECSClient, ...share: Parameters<typeof createPace>): void {
  const pace = createPace(...share);
  client.middlewareStack.add(
    (next, context) => async (args) => {
      await pace(context.commandName ?? '');
      return next(args);
    },
    // Behind the retries of the same step, so that each of them waits too.
    { step: 'finalizeRequest', name: 'keepToShare', priority: 'low', override: true },
  );
}

interface Bucket {
  /** @returns milliseconds until the call may be made */
  take(rate: Rate): number;
}

/**
 * A token bucket that lends: who comes when it is empty takes a place in the row, and waits until it has been paid. So a bucket
 * may hold less than one call. Many such buckets are emptied by one burst of jobs: where one is full, its first call waits up
 * to a call's time longer, by chance, or those of all managers would come together.
 */
function createBucket({ now, random }: Timing): Bucket {
  let level = Number.POSITIVE_INFINITY;
  let at = now();
  return {
    take({ burst, perSecond }) {
      const elapsed = (now() - at) / 1000;
      const isFull = level + elapsed * perSecond >= burst;
      level = Math.min(burst, level + elapsed * perSecond) - 1;
      if (isFull && burst < 1) level -= random();
      at = now();
      return level >= 0 ? 0 : (-level / perSecond) * 1000;
    },
  };
}
