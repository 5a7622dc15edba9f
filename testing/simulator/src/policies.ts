import type { Moment } from '@serverless-gitlab-runner/forecast';
import { HOUR, SECOND } from './model.ts';

/** What runs the jobs. `instant` has every task ready at once: the floor. */
export type ComputeKind = 'fargate' | 'managed-instances' | 'codebuild' | 'instant';

export interface AheadPolicy {
  /** `exactly`: by an oracle that knows what will be queued, when, and how long each start takes. */
  moment: Moment | 'exactly';
  /** Whether the launcher, too, starts tasks of the jobs that it starts a manager for. */
  first: boolean;
  /** Whether every prediction is of a task that no job wants. */
  isWrong: boolean;
  /** Whether managers share one book that outlives them. Without it each begins with an empty one. */
  keepsBook: boolean;
}

export interface Policy {
  name: string;
  label: string;
  compute: ComputeKind;
  /** Undefined: nothing is started ahead. */
  ahead: AheadPolicy | undefined;
  /** `manager.idleSeconds`, in milliseconds. */
  idleMs: number;
  /** Whether one manager runs all the time. */
  alwaysOn: boolean;
  /** Whether one manager has the places of all that the fleet may have, up to the 200 that a manager may have. */
  oneManager: boolean;
  /**
   * Of managed instances, in milliseconds: `scaleInAfter`, from 0 to an hour. AWS's default is not published.
   * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_InfrastructureOptimization.html
   */
  instanceIdleMs: number;
}

const TODAY: Policy = {
  name: 'today',
  label: 'today',
  compute: 'fargate',
  ahead: undefined,
  idleMs: 300 * SECOND,
  alwaysOn: false,
  oneManager: false,
  instanceIdleMs: 300 * SECOND,
};

const NEXT: AheadPolicy = { moment: 'before-end', first: false, isWrong: false, keepsBook: false };

function policy(name: string, label: string, over: Partial<Policy>): Policy {
  return { ...TODAY, name, label, ...over };
}

export const FLOOR = policy('floor', 'the floor: no start takes time', { compute: 'instant' });

/** Side by side, in the order of the tables. The first is what the others are compared with. */
export const POLICIES: readonly Policy[] = [
  TODAY,
  policy('next-success', 'next stage, at the last success', { ahead: { ...NEXT, moment: 'at-success' } }),
  policy('next-end', 'next stage, before the expected end', { ahead: NEXT }),
  policy('next-start', 'next stage, at the start', { ahead: { ...NEXT, moment: 'at-start' } }),
  policy('next-end-book', 'next stage, book kept', { ahead: { ...NEXT, keepsBook: true } }),
  policy('next-one', 'next stage, one manager', { ahead: NEXT, oneManager: true }),
  policy('next-one-book', 'next stage, one manager, book kept', {
    ahead: { ...NEXT, keepsBook: true },
    oneManager: true,
  }),
  policy('first', 'first stage too, one manager', {
    ahead: { ...NEXT, first: true, keepsBook: true },
    oneManager: true,
  }),
  policy('hour', 'managers stay an hour', { idleMs: HOUR }),
  policy('hour-next', 'an hour, next stage', { ahead: NEXT, idleMs: HOUR }),
  policy('hour-next-one', 'an hour, next stage, one manager', {
    ahead: NEXT,
    idleMs: HOUR,
    oneManager: true,
  }),
  policy('always-on', 'one manager is always on', { alwaysOn: true }),
  policy('managed-instances', 'Managed Instances, idle 300 s', { compute: 'managed-instances' }),
  policy('instances-60', 'Managed Instances, idle 60 s', {
    compute: 'managed-instances',
    instanceIdleMs: 60 * SECOND,
  }),
  policy('codebuild', 'CodeBuild at its list price', { compute: 'codebuild' }),
  policy('wrong', 'next stage, always wrong', { ahead: { ...NEXT, keepsBook: true, isWrong: true } }),
  policy('oracle', 'an oracle of the next stage', { ahead: { ...NEXT, moment: 'exactly' } }),
  FLOOR,
];

/** The policy of that name. */
export function policyNamed(name: string): Policy {
  const found = POLICIES.find((candidate) => candidate.name === name);
  if (found === undefined) throw new RangeError(`no policy is called ${name}`);
  return found;
}
