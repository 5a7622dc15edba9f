import type { TaskState } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { RUNNER_TOKEN_REFUSED_EXIT_CODE } from '@serverless-gitlab-runner/fleet';
import { duration } from '../../../page/format.js';
import { broken, type CheckName, type Finding, warning } from '../finding.ts';

/** A manager or job task that runs, or ended within the last hour. */
export interface TaskFacts {
  role: 'manager' | 'job';
  fleet: string;
  jobId: number | undefined;
  state: TaskState;
  /** Milliseconds since 1970. */
  createdAt: number | undefined;
  startedAt: number | undefined;
  /** Of a manager's container. */
  exitCode: number | undefined;
  stopCode: string | undefined;
  stoppedReason: string | undefined;
}

/** A manager runs within this time, unless its image cannot be pulled or its subnet has no way out. */
const SLOW_START_MS = 180_000;

/** Tasks that could not start, or ended unexpectedly. One finding for each fleet and reason. */
export function checkTasks(tasks: readonly TaskFacts[], now: number): Finding[] {
  const findings = new Map<string, Finding>();
  for (const task of tasks) {
    const finding = findingOf(task, now);
    if (finding) findings.set(`${finding.check} ${task.fleet}`, finding);
  }
  return [...findings.values()];
}

function findingOf(task: TaskFacts, now: number): Finding | undefined {
  const { role, state, startedAt, createdAt = now, exitCode, stopCode } = task;
  const isEnded = state === 'stopped' || state === 'stopping';
  if (isEnded && startedAt === undefined && stopCode !== 'UserInitiated') return notStarted(task);
  if (role === 'job') return undefined;
  if (isEnded && startedAt !== undefined && hasCrashed(exitCode)) return crashed(task);
  return state === 'starting' && now - createdAt >= SLOW_START_MS ? slow(task, now - createdAt) : undefined;
}

function hasCrashed(exitCode: number | undefined): boolean {
  return exitCode !== undefined && exitCode !== 0 && exitCode !== RUNNER_TOKEN_REFUSED_EXIT_CODE;
}

function notStarted({ role, fleet, jobId, stoppedReason = 'no reason given' }: TaskFacts): Finding {
  const what =
    role === 'manager' ? `A manager of fleet ${fleet}` : `The task of job ${jobId ?? '?'} in fleet ${fleet}`;
  const check: CheckName = /CannotPull|pull image|manifest/i.test(stoppedReason)
    ? `${role}-image`
    : `${role}-not-started`;
  const fix = {
    'manager-image':
      'Check that the image of runnerImage exists, and that its repository may be read: npm run deploy builds and pushes it again',
    'manager-not-started': "Check the fleet's subnets, their route out, and the manager's execution role",
    'job-image':
      "Check the job's image: and services:, and job.imageRegistries of the fleet for a private registry",
    'job-not-started': "Check the fleet's subnets and their route out",
  }[check];
  return (role === 'manager' ? broken : warning)(check, `${what} could not start: ${stoppedReason}`, fix);
}

function crashed({ fleet, exitCode, stoppedReason = '' }: TaskFacts): Finding {
  return broken(
    'manager-crashed',
    `A manager of fleet ${fleet} ended with exit code ${exitCode} ${stoppedReason}`.trimEnd(),
    'See its log: aws logs tail --since 1h /serverless-gitlab-runner/managers',
  );
}

function slow({ fleet }: TaskFacts, ms: number): Finding {
  return broken(
    'manager-slow',
    `A manager of fleet ${fleet} has been starting for ${duration(ms)}`,
    "Check its image, the fleet's subnets and their route out, and the quota for Fargate's vCPUs",
  );
}
