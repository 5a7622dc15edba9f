import { createPace, ECS_SHARES, type Pace } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { Actor } from './actor.ts';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** One call to AWS. */
export interface AwsCall {
  /** Milliseconds since 1970. */
  at: number;
  by: Actor['kind'];
  /** As in AWS's API, such as `DescribeTasks`. */
  operation: string;
  /** When its response arrived; undefined until then. */
  answeredAt: number | undefined;
}

/** What happens around each call to AWS. */
export interface AwsCalls {
  /** Waits until the process may make the call, reports it, and makes it. */
  around<Answer>(actor: Actor, operation: string, send: () => Promise<Answer>): Promise<Answer>;
}

export interface AwsCallsDeps {
  clock: Clock;
  random: Random;
  /** Number of launchers that share the launchers' rates. */
  launchers: number;
  /** Number of managers that share the managers' rates. */
  managers(): number;
  onCall(call: AwsCall): void;
}

/** Makes every process keep to its share of ECS's rates, as the real clients do, and reports its calls. */
export function createAwsCalls({ clock, random, launchers, managers, onCall }: AwsCallsDeps): AwsCalls {
  const timing = {
    now: clock.now,
    random: random.next,
    sleep: (milliseconds: number) =>
      new Promise<void>((resolve) =>
        clock.after(milliseconds, () => {
          clock.wake();
          resolve();
        }),
      ),
  };
  const createPaceOf = {
    launcher: () => createPace(ECS_SHARES.launcher, () => launchers, timing),
    reaper: () => createPace(ECS_SHARES.reaper, () => 1, timing),
    manager: () => createPace(ECS_SHARES.managers, managers, timing),
  };
  const paces = new WeakMap<object, Pace>();
  const paceOf = (actor: Actor): Pace => {
    const host = actor.host ?? actor;
    const pace = paces.get(host) ?? createPaceOf[actor.kind]();
    paces.set(host, pace);
    return pace;
  };
  return {
    async around(actor, operation, send) {
      await paceOf(actor)(`${operation}Command`);
      const call: AwsCall = { at: clock.now(), by: actor.kind, operation, answeredAt: undefined };
      onCall(call);
      try {
        return await send();
      } finally {
        call.answeredAt = clock.now();
      }
    },
  };
}
