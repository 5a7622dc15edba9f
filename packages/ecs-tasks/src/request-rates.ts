import type { ECSClient } from '@aws-sdk/client-ecs';
import type { Timing } from '@serverless-gitlab-runner/aws-calls';

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
} as const satisfies Record<string, Rate>;

export type RateName = keyof typeof ECS_RATES;

const BUCKETS_OF: Readonly<Record<string, readonly RateName[]>> = {
  ListTasksCommand: ['reads'],
  DescribeTasksCommand: ['reads'],
  RunTaskCommand: ['tasks', 'runTask'],
  StopTaskCommand: ['tasks'],
  TagResourceCommand: ['tags'],
};

/** Parts of the account's rates, 0 to 1; 0 where nothing is ever called. */
export type Shares = Readonly<Record<RateName, number>>;

/**
 * Who may use how much, all of its processes together: half of each rate in all, so that other users of the account, and a
 * share that is miscounted for a minute, do no harm.
 */
export const ECS_SHARES = {
  launcher: { reads: 0.15, tasks: 0.05, runTask: 0.05, tags: 0.4 },
  reaper: { reads: 0.15, tasks: 0.05, runTask: 0, tags: 0.1 },
  managers: { reads: 0.2, tasks: 0.4, runTask: 0.45, tags: 0 },
} as const satisfies Record<string, Shares>;

/**
 * Makes a client keep to a share of the account's rates: a call that would pass it waits its turn. Tries count like calls, as
 * AWS counts them.
 * @param processes how many processes use the share together, now; asked at every call
 */
export function keepToShare(
  client: ECSClient,
  shares: Shares,
  processes: () => number,
  timing: Pick<Timing, 'now' | 'sleep'>,
): void {
  const buckets = new Map<RateName, Bucket>();
  const take = async (name: RateName) => {
    const bucket = buckets.get(name) ?? createBucket(timing.now());
    buckets.set(name, bucket);
    const share = shares[name] / Math.max(1, processes());
    const wait = bucket.take(timing.now(), {
      // Less than one call could never pass.
      burst: Math.max(1, ECS_RATES[name].burst * share),
      perSecond: ECS_RATES[name].perSecond * share,
    });
    if (wait > 0) await timing.sleep(wait);
  };
  client.middlewareStack.add(
    (next, context) => async (args) => {
      for (const name of BUCKETS_OF[context.commandName ?? ''] ?? []) await take(name);
      return next(args);
    },
    // Behind the retries of the same step, so that each of them waits too.
    { step: 'finalizeRequest', name: 'keepToShare', priority: 'low', override: true },
  );
}

interface Bucket {
  /** @returns milliseconds until the call may be made */
  take(now: number, rate: Rate): number;
}

/** A token bucket that lends: who comes when it is empty takes a place in the row, and waits until it has been paid. */
function createBucket(createdAt: number): Bucket {
  let level = Number.POSITIVE_INFINITY;
  let at = createdAt;
  return {
    take(now, { burst, perSecond }) {
      level = Math.min(burst, level + ((now - at) / 1000) * perSecond) - 1;
      at = now;
      return level >= 0 ? 0 : (-level / perSecond) * 1000;
    },
  };
}
