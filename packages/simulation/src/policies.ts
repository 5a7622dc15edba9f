import type { Moment } from '@serverless-gitlab-runner/forecast';
import { HOUR, POLL_SECONDS, SECOND } from './model.ts';

/** What runs the jobs. With `instant`, the lower bound, every task is ready immediately. */
export type ComputeKind = 'fargate' | 'managed-instances' | 'codebuild' | 'instant';

export interface AheadPolicy {
  /** `exactly`: an oracle knows which jobs will be queued, when, and how long each start takes. */
  moment: Moment | 'exactly';
  /** Whether the launcher also starts tasks for the jobs that it starts a manager for. */
  first: boolean;
  /** Whether every predicted task is one that no job can use. */
  isWrong: boolean;
  /** Whether managers share one book that outlives them; otherwise each starts with an empty one. */
  keepsBook: boolean;
}

export interface Policy {
  name: string;
  label: string;
  compute: ComputeKind;
  /** Undefined if nothing is started ahead. */
  ahead: AheadPolicy | undefined;
  /** `manager.idleSeconds`, in milliseconds. */
  idleMs: number;
  /** The managers' `check_interval` in seconds. The time until a waiting job is taken is uniform over it. */
  pollSeconds: number;
  /** Whether one manager runs all the time. */
  alwaysOn: boolean;
  /** Whether one manager has the job capacity of all managers of the fleet, up to the limit of 200 per manager. */
  oneManager: boolean;
  /**
   * `scaleInAfter` of Managed Instances in milliseconds, from 0 to an hour. AWS does not publish its default.
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
  pollSeconds: POLL_SECONDS,
  alwaysOn: false,
  oneManager: false,
  instanceIdleMs: 300 * SECOND,
};

const NEXT: AheadPolicy = { moment: 'before-end', first: false, isWrong: false, keepsBook: false };

function policy(name: string, label: string, over: Partial<Policy>): Policy {
  return { ...TODAY, name, label, ...over };
}

export const FLOOR = policy('floor', 'lower bound: instant starts', { compute: 'instant' });

/** All policies in the order of the tables. The first is the baseline. */
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
  policy('hour', 'managers idle up to 1 h', { idleMs: HOUR }),
  policy('hour-next', 'idle 1 h, next stage', { ahead: NEXT, idleMs: HOUR }),
  policy('hour-next-one', 'idle 1 h, next stage, one manager', {
    ahead: NEXT,
    idleMs: HOUR,
    oneManager: true,
  }),
  policy('always-on', 'one manager always on', { alwaysOn: true }),
  policy('managed-instances', 'Managed Instances, idle 300 s', { compute: 'managed-instances' }),
  policy('instances-60', 'Managed Instances, idle 60 s', {
    compute: 'managed-instances',
    instanceIdleMs: 60 * SECOND,
  }),
  policy('codebuild', 'CodeBuild, list price', { compute: 'codebuild' }),
  policy('wrong', 'next stage, always wrong', { ahead: { ...NEXT, keepsBook: true, isWrong: true } }),
  policy('oracle', 'next stage, oracle', { ahead: { ...NEXT, moment: 'exactly' } }),
  FLOOR,
];

export function policyByName(name: string): Policy {
  const found = POLICIES.find((candidate) => candidate.name === name);
  if (found === undefined) throw new RangeError(`unknown policy: ${name}`);
  return found;
}
