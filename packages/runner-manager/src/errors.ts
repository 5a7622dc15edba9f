import type { Task } from '@aws-sdk/client-ecs';

/**
 * The job cannot run as written. GitLab gets `script_failure`, because retrying cannot help. The lines go into the job log.
 */
export class JobRefusedError extends Error {
  override readonly name = 'JobRefusedError';
  readonly lines: readonly string[];
  constructor(lines: readonly string[]) {
    super(lines.join(' '));
    this.lines = lines;
  }
}

/** AWS or this project failed, not the job. GitLab gets `runner_system_failure` and may retry. */
export class SystemFailureError extends Error {
  override readonly name: string = 'SystemFailureError';
}

/** No capacity provider of the fleet currently has capacity. */
export class NoCapacityError extends SystemFailureError {
  override readonly name = 'NoCapacityError';
}

/** RunTask's response was lost, so the job task may be running. */
export class LostStartError extends SystemFailureError {
  override readonly name = 'LostStartError';
}

/** The job task ended before it accepted commands. */
export class TaskEndedError extends SystemFailureError {
  override readonly name = 'TaskEndedError';
  /** The task as ECS last reported it. */
  readonly task: Task | undefined;
  constructor(message: string, task?: Task) {
    super(message);
    this.task = task;
  }
}

/** The job task did not accept commands in time. */
export class StartTimeoutError extends SystemFailureError {
  override readonly name = 'StartTimeoutError';
}

/** Message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
