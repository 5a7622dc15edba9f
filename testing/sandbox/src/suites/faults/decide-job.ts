import type { Job } from '@serverless-gitlab-runner/gitlab-double';
import type { ObservedTask } from '../../system/observe-tasks.ts';

/** How a job has to end. */
export interface ExpectedEnd {
  status: 'success' | 'failed' | 'canceled';
  failureReason?: string;
  /** What its log must say. */
  says?: RegExp;
}

/** A job of a run. */
export interface FaultJob {
  job: Job;
  expected: ExpectedEnd;
  /** Set where the fault itself ends the job: what the job's log must say then. */
  interruption: RegExp | undefined;
}

/** What of a job the judgement looks at. */
export type SeenJob = Pick<Job, 'name' | 'status' | 'failureReason'> & { log: string };

export type JobDecision = 'finished' | 'interrupted' | 'killed' | 'lost';

/** Failure reasons by which GitLab knows that not the job's script was at fault. */
const TOLD_AS_OURS = ['runner_system_failure', 'stuck_or_timeout_failure'];
const ENDED = ['success', 'failed', 'canceled'];

/** What became of a job: as it had to end, ended by the fault and told so, ended by us, or not ended at all. */
export function decideJob(
  job: SeenJob,
  expected: ExpectedEnd,
  interruption: RegExp | undefined,
): JobDecision {
  if (!ENDED.includes(job.status)) return 'lost';
  if (isAsExpected(job, expected)) return 'finished';
  const isTold = job.failureReason !== null && TOLD_AS_OURS.includes(job.failureReason);
  if (interruption && isTold && interruption.test(job.log)) return 'interrupted';
  return 'killed';
}

function isAsExpected(job: SeenJob, { status, failureReason, says }: ExpectedEnd): boolean {
  return (
    job.status === status &&
    (failureReason === undefined || job.failureReason === failureReason) &&
    (says === undefined || says.test(job.log))
  );
}

/** What is counted of a fault, in one run of it and in all of them. */
export interface FaultCounts {
  jobsQueued: number;
  jobsFinished: number;
  jobsLost: number;
  jobsKilled: number;
  jobsInterrupted: number;
  tasksLeaked: number;
  secretsLeaked: number;
  /** Seconds from the fault's end to the last job's end; of several runs, the slowest's. */
  secondsToRecover: number;
}

/** One run of a fault, in the numbers of the report. */
export interface RunResult extends FaultCounts {
  managers: number;
  seconds: number;
  /** What is not as it must be, in sentences. */
  wrong: string[];
}

/** Counts the decisions and says what is wrong with each job that is not as it must be. */
export function decideJobs(jobs: readonly FaultJob[]) {
  const counts = { finished: 0, interrupted: 0, killed: 0, lost: 0 };
  const wrong: string[] = [];
  for (const { job, expected, interruption } of jobs) {
    const seen = {
      name: job.name,
      status: job.status,
      failureReason: job.failureReason,
      log: job.trace.text,
    };
    const decision = decideJob(seen, expected, interruption);
    counts[decision] += 1;
    if (decision === 'killed' || decision === 'lost') {
      const end = [job.status, job.failureReason].filter(Boolean).join(', ');
      const log = job.trace.text.replaceAll('\u001b', '').trim().slice(-600);
      wrong.push(
        `job ${job.name} (${job.id}) is ${decision}: ${end}, expected ${expected.status}; its log ends: ${log}`,
      );
    }
  }
  return { counts, wrong };
}

/** Two managers may take jobs at one time: those that leave do not count, and neither do those that have ended. */
export function mostManagersAtOnce(tasks: readonly ObservedTask[]): number {
  const managers = tasks.filter(({ role }) => role === 'manager');
  const starts = managers.flatMap(({ createdAt }) => createdAt ?? []);
  const counts = starts.map(
    (moment) => managers.filter((manager) => takesJobsAt(manager, moment.getTime())).length,
  );
  return Math.max(0, ...counts);
}

function takesJobsAt({ createdAt, drainedAt, stoppedAt }: ObservedTask, moment: number): boolean {
  const until = Math.min(
    stoppedAt?.getTime() ?? Number.POSITIVE_INFINITY,
    drainedAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(drainedAt),
  );
  return (createdAt?.getTime() ?? Number.POSITIVE_INFINITY) <= moment && moment < until;
}
