import {
  type MeasuredStarts,
  mean,
  type StartModel,
  TODAYS_STARTS,
} from '@serverless-gitlab-runner/simulation';
import type { LoggedJob } from './logged-job.ts';

/** Starts of one image from which its own start times are used; below, those of all images of the fleet. */
const MIN_OF_IMAGE = 10;
/** Starts of a fleet from which its own start times are used; below, published figures. */
const MIN_OF_FLEET = 20;

/** Jobs of equal shape can run in each other's task, as far as the logs tell: the real key also covers services and variables. */
export function shapeOf({ image, architecture, capacityProvider }: LoggedJob): string {
  return `${image} ${architecture} ${capacityProvider}`;
}

/** The start model of a fleet, and from how many of its own starts it is made; 0: it is the published one. */
export function startModelOf(jobs: readonly LoggedJob[]): { model: StartModel; measured: number } {
  const all = startsOf(jobs);
  if (all.length < MIN_OF_FLEET) return { model: TODAYS_STARTS, measured: 0 };
  const ofFleet = summarize(all);
  const byShape = [...Map.groupBy(jobs, shapeOf)].map(([shape, own]) => {
    const starts = startsOf(own);
    return [shape, starts.length < MIN_OF_IMAGE ? ofFleet : summarize(starts)] as const;
  });
  const model = { ...TODAYS_STARTS, label: 'measured', measured: new Map(byShape) };
  return { model, measured: all.length };
}

function startsOf(jobs: readonly LoggedJob[]): number[] {
  return jobs.flatMap(({ startSeconds }) => startSeconds ?? []);
}

function summarize(starts: readonly number[]): MeasuredStarts {
  return { sorted: starts.toSorted((one, other) => one - other), mean: mean(starts) };
}
