import type { CaseContext, ConformanceCase, Expectation } from '../../conformance-case.ts';
import { failsWithExitCode, lastsAtMost, succeedsWith } from '../../expectations.ts';
import { reachesNobody } from './victim.ts';

const KEYWORD = 'hostile';
/** Seconds in which a job that harms itself must be over, whatever it broke. */
const SOON = 100;

type Jobs = ConformanceCase['jobs'];

/** A hostile case: besides what it names, no job reaches another one. */
export function hostile(name: string, jobs: Jobs, more: Partial<ConformanceCase> = {}): ConformanceCase {
  const guarded = Object.entries(jobs).map(([job, expectations]): [string, Expectation[]] => [
    job,
    [...reachesNobody(), ...expectations],
  ]);
  return { keyword: KEYWORD, name, jobs: Object.fromEntries(guarded), ...more };
}

/** The job ran to its end in a task of its own, and reached nobody from any of its stages. */
export function runsAlone(): Expectation[] {
  return [...succeedsWith('reached nobody', 'reached nobody afterwards'), hasOneTask()];
}

/** ECS saw one task with the job's own id. */
export function hasOneTask(): Expectation {
  return ({ tasks }) => (tasks.length === 1 ? [] : [`ECS saw ${tasks.length} tasks of its id, expected one`]);
}

/** The script's exit code is told as it was, and soon. */
export function failsSoonWith(exitCode: number): Expectation[] {
  return [failsWithExitCode(exitCode), lastsAtMost(SOON)];
}

/** It ended, and soon: what it broke was its own, and how that is told does not matter. */
export function endsSoon(...statuses: string[]): Expectation[] {
  const wanted = statuses.length === 0 ? ['success', 'failed'] : statuses;
  return [
    ({ job }) => (wanted.includes(job.status) ? [] : [`it ended as ${job.status} (${job.failureReason})`]),
    lastsAtMost(SOON),
  ];
}

/** An during: the button in GitLab, as soon as the script has begun. */
export function cancelWhenBegun(name: string): (context: CaseContext) => Promise<void> {
  return async ({ gitlab, untilLogged }) => {
    const { id } = await untilLogged(name, '\nbegun');
    gitlab.cancelJob(id);
  };
}
