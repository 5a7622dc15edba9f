import type { Job } from '@serverless-gitlab-runner/gitlab-double';
import type { ObservedTask } from '../../system/observe-tasks.ts';

/** How a job must end. */
export interface ExpectedEnd {
  status: 'success' | 'failed' | 'canceled';
  failureReason?: string;
  /** Must match the job's log. */
  says?: RegExp;
}

/** A job of a fault run. */
export interface FaultJob {
  job: Job;
  expected: ExpectedEnd;
  /** Set if the fault itself ends the job: must match the job's log then. */
  interruption: RegExp | undefined;
}

/** The facts of a job that the decision depends on. */
export type JobFacts = Pick<Job, 'name' | 'status' | 'failureReason'> & { log: string };

export type JobDecision = 'finished' | 'interrupted' | 'killed' | 'lost';

/** Failure reasons that tell GitLab that the job's script was not at fault. */
const SYSTEM_FAILURE_REASONS = ['runner_system_failure', 'stuck_or_timeout_failure'];
const ENDED = ['success', 'failed', 'canceled'];

/**
 * Decides what became of a job: finished as expected, interrupted by the fault and reported as such, killed by the system, or
 * lost because it did not end.
 */
export function decideJob(
  job: JobFacts,
  expected: ExpectedEnd,
  interruption: RegExp | undefined,
): JobDecision {
  if (!ENDED.includes(job.status)) return 'lost';
  if (isAsExpected(job, expected)) return 'finished';
  const isSystemFailure = job.failureReason !== null && SYSTEM_FAILURE_REASONS.includes(job.failureReason);
  if (interruption && isSystemFailure && interruption.test(job.log)) return 'interrupted';
  return 'killed';
}

function isAsExpected(job: JobFacts, { status, failureReason, says }: ExpectedEnd): boolean {
  return (
    job.status === status &&
    (failureReason === undefined || job.failureReason === failureReason) &&
    (says === undefined || says.test(job.log))
  );
}

/** Counts of a fault, for one run or for all of its runs. */
export interface FaultCounts {
  jobsQueued: number;
  jobsFinished: number;
  jobsLost: number;
  jobsKilled: number;
  jobsInterrupted: number;
  tasksLeaked: number;
  secretsLeaked: number;
  /** Seconds from the fault's end to the last job's end, in the slowest run. */
  secondsToRecover: number;
}

/** Result of one run of a fault, as in the report. */
export interface RunResult extends FaultCounts {
  managers: number;
  seconds: number;
  /** Failed checks, in sentences. */
  problems: string[];
}

/** Counts the decisions, and describes each job that was killed or lost. */
export function decideJobs(jobs: readonly FaultJob[]) {
  const counts = { finished: 0, interrupted: 0, killed: 0, lost: 0 };
  const problems: string[] = [];
  for (const { job, expected, interruption } of jobs) {
    const facts = {
      name: job.name,
      status: job.status,
      failureReason: job.failureReason,
      log: job.trace.text,
    };
    const decision = decideJob(facts, expected, interruption);
    counts[decision] += 1;
    if (decision === 'killed' || decision === 'lost') {
      const end = [job.status, job.failureReason].filter(Boolean).join(', ');
      const log = job.trace.text.replaceAll('\u001b', '').trim().slice(-600);
      problems.push(
        `job ${job.name} (${job.id}) is ${decision}: ${end}, expected ${expected.status}; end of its log: ${log}`,
      );
    }
  }
  return { counts, problems };
}

/** Maximum number of managers that took jobs at the same time. Drained and stopped managers do not count. */
export function peakManagers(tasks: readonly ObservedTask[]): number {
  const managers = tasks.filter(isManager);
  const starts = managers.flatMap(({ createdAt }) => createdAt ?? []);
  const counts = starts.map(
    (moment) => managers.filter((manager) => takesJobsAt(manager, moment.getTime())).length,
  );
  return Math.max(0, ...counts);
}

/** As in the protocol model's bounds: a launcher that read a slot as free this long ago may still fill it. */
const LAUNCHER_MS = 60_000;

/**
 * Number of managers that were started in a slot that another manager held, because ECS had just forgotten the token of an
 * earlier manager of that slot: one launcher then derives its token from generation 0, while another one is at a later
 * generation. Managers live for seconds here, so their tokens, which last twice as long, are forgotten all the time.
 * @param all managers of earlier runs, too
 */
export function refilledSlots(tasks: readonly ObservedTask[], all: readonly ObservedTask[]): number {
  const managers = tasks.filter(isManager);
  return managers.filter(({ slot, createdAt }) => {
    const startedAt = createdAt?.getTime() ?? 0;
    const ofSlot = all.filter((other) => isManager(other) && other.slot === slot);
    const isHeld = managers.some(
      (other) => other.slot === slot && other.createdAt !== createdAt && takesJobsAt(other, startedAt),
    );
    return isHeld && ofSlot.map(tokenEndsAt).some((end) => end <= startedAt && end > startedAt - LAUNCHER_MS);
  }).length;
}

/** ECS keeps a token for twice its task's life. */
function tokenEndsAt({ createdAt, stoppedAt }: ObservedTask): number {
  if (createdAt === undefined || stoppedAt === undefined) return Number.POSITIVE_INFINITY;
  return createdAt.getTime() + 2 * (stoppedAt.getTime() - createdAt.getTime());
}

export function isManager({ role }: ObservedTask): boolean {
  return role === 'manager';
}

function takesJobsAt({ createdAt, drainedAt, stoppedAt }: ObservedTask, moment: number): boolean {
  const until = Math.min(
    stoppedAt?.getTime() ?? Number.POSITIVE_INFINITY,
    drainedAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(drainedAt),
  );
  return (createdAt?.getTime() ?? Number.POSITIVE_INFINITY) <= moment && moment < until;
}
