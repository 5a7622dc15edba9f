import type { CaseContext, ConformanceCase, Expectation } from '../../conformance-case.ts';
import { failsWithExitCode, lastsAtMost, succeedsWith } from '../../expectations.ts';
import { isIsolated } from './victim.ts';

const KEYWORD = 'hostile';
/** Maximum duration of a job that harms itself, in seconds. */
const MAX_SECONDS = 100;

type Jobs = ConformanceCase['jobs'];

/** A hostile case. In addition to the given expectations, none of its jobs may reach another job. */
export function hostile(name: string, jobs: Jobs, more: Partial<ConformanceCase> = {}): ConformanceCase {
  const guarded = Object.entries(jobs).map(([job, expectations]): [string, Expectation[]] => [
    job,
    [...isIsolated(), ...expectations],
  ]);
  return { keyword: KEYWORD, name, jobs: Object.fromEntries(guarded), ...more };
}

/** The job succeeded in a single task, and reached no other job from its script or after_script. */
export function runsAlone(): Expectation[] {
  return [...succeedsWith('reached nobody', 'reached nobody afterwards'), hasOneTask()];
}

/** ECS has one task with the job's id. */
export function hasOneTask(): Expectation {
  return ({ tasks }) =>
    tasks.length === 1 ? [] : [`ECS has ${tasks.length} tasks with the job's id, expected one`];
}

/** The script's exit code is reported, within `MAX_SECONDS`. */
export function failsSoonWith(exitCode: number): Expectation[] {
  return [failsWithExitCode(exitCode), lastsAtMost(MAX_SECONDS)];
}

/** The job ended within `MAX_SECONDS`. It harmed only itself, so any of these statuses will do. Default: success or failed. */
export function endsSoon(...statuses: string[]): Expectation[] {
  const expected = statuses.length === 0 ? ['success', 'failed'] : statuses;
  return [
    ({ job }) =>
      expected.includes(job.status) ? [] : [`the job ended as ${job.status} (${job.failureReason})`],
    lastsAtMost(MAX_SECONDS),
  ];
}

/** For `during`: cancels the job in GitLab as soon as its script has started. */
export function cancelWhenStarted(name: string): (context: CaseContext) => Promise<void> {
  return async ({ gitlab, untilLogged }) => {
    const { id } = await untilLogged(name, '\nbegun');
    gitlab.cancelJob(id);
  };
}
