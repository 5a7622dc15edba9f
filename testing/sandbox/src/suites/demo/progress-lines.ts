import type { GitLabEvent } from '@serverless-gitlab-runner/gitlab-double';
import type { Log } from '@serverless-gitlab-runner/machine';
import pc from 'picocolors';
import type { ObservedTask } from '../../system/observe-tasks.ts';

/** Statuses that get a line. The others last only moments. */
const SHOWN_JOB_STATUSES = ['pending', 'running', 'success', 'failed', 'canceled'];

/** Logs a line for each status of a job at GitLab. */
export function logGitLabEvent(log: Log): (event: GitLabEvent) => void {
  return (event) => {
    if (event.type === 'job-status' && SHOWN_JOB_STATUSES.includes(event.to)) {
      log(line('GitLab', `job ${event.job.name} is ${paintStatus(event.to)}`));
    }
    if (event.type === 'protocol-error') {
      log(line('GitLab', pc.red(`${event.error.method} ${event.error.path}: ${event.error.message}`)));
    }
  };
}

/** Logs a line for each status of a task in ECS. */
export function logTaskChange(log: Log): (task: ObservedTask, before: ObservedTask | undefined) => void {
  return (task, before) => {
    const name = task.role === 'manager' ? 'manager' : `task of job ${task.jobId}`;
    if (before?.lastStatus !== task.lastStatus) {
      const reason =
        task.lastStatus === 'STOPPED' && task.stoppedReason ? pc.dim(` (${task.stoppedReason})`) : '';
      log(line('ECS', `${name} is ${task.lastStatus}${reason}`));
    }
    if (before && before.drainedAt !== task.drainedAt) log(line('ECS', `${name} has the drain tag`));
  };
}

function line(source: string, text: string): string {
  return `  ${pc.dim(new Date().toISOString().slice(11, 19))} ${pc.dim(source.padEnd(6))} ${text}`;
}

function paintStatus(status: string): string {
  if (status === 'success') return pc.green(status);
  return status === 'failed' || status === 'canceled' ? pc.yellow(status) : status;
}
