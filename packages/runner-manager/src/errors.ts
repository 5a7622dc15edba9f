import type { Task } from '@aws-sdk/client-ecs';

/**
 * The job cannot run as it is written: GitLab shall see `script_failure`, and trying again has no sense.
 * The lines go into the job log.
 */
export class JobRefusedError extends Error {
  override readonly name = 'JobRefusedError';
  readonly lines: readonly string[];
  constructor(lines: readonly string[]) {
    super(lines.join(' '));
    this.lines = lines;
  }
}

/** AWS or this project failed, not the job: GitLab shall see `runner_system_failure`, and may try again. */
export class SystemFailureError extends Error {
  override readonly name: string = 'SystemFailureError';
}

/** No capacity provider of the fleet has room now. */
export class NoCapacityError extends SystemFailureError {
  override readonly name = 'NoCapacityError';
}

/** RunTask's answer was lost: nobody knows whether the job task runs. */
export class LostStartError extends SystemFailureError {
  override readonly name = 'LostStartError';
}

/** The job task ended before it took commands. */
export class TaskEndedError extends SystemFailureError {
  override readonly name = 'TaskEndedError';
  /** What ECS told of it last. */
  readonly task: Task | undefined;
  constructor(message: string, task?: Task) {
    super(message);
    this.task = task;
  }
}

/** The job task did not take commands in time. */
export class StartTimeoutError extends SystemFailureError {
  override readonly name = 'StartTimeoutError';
}

/** The words of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
