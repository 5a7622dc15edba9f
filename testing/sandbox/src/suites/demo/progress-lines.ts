import type { GitLabEvent } from '@serverless-gitlab-runner/gitlab-double';
import type { Log } from '@serverless-gitlab-runner/machine';
import pc from 'picocolors';
import type { ObservedTask } from '../../system/observe-tasks.ts';

/** Statuses worth a line; the others follow each other within moments. */
const TOLD_JOB_STATUSES = ['pending', 'running', 'success', 'failed', 'canceled'];

/** Tells a job's way through GitLab, one line a status. */
export function logGitLabEvent(log: Log): (event: GitLabEvent) => void {
  return (event) => {
    if (event.type === 'job-status' && TOLD_JOB_STATUSES.includes(event.to)) {
      log(line('GitLab', `job ${event.job.name} is ${paintStatus(event.to)}`));
    }
    if (event.type === 'protocol-error') {
      log(line('GitLab', pc.red(`${event.error.method} ${event.error.path}: ${event.error.message}`)));
    }
  };
}

/** Tells a task's way through ECS, one line a status. */
export function logTaskChange(log: Log): (task: ObservedTask, before: ObservedTask | undefined) => void {
  return (task, before) => {
    const name = task.role === 'manager' ? 'manager' : `task of job ${task.jobId}`;
    if (before?.lastStatus !== task.lastStatus) {
      const reason =
        task.lastStatus === 'STOPPED' && task.stoppedReason ? pc.dim(` (${task.stoppedReason})`) : '';
      log(line('ECS', `${name} is ${task.lastStatus}${reason}`));
    }
    if (before && before.drainedAt !== task.drainedAt) log(line('ECS', `${name} is drained by its tag`));
  };
}

function line(who: string, what: string): string {
  return `  ${pc.dim(new Date().toISOString().slice(11, 19))} ${pc.dim(who.padEnd(6))} ${what}`;
}

function paintStatus(status: string): string {
  if (status === 'success') return pc.green(status);
  return status === 'failed' || status === 'canceled' ? pc.yellow(status) : status;
}
