import type { ManagerLaunchFailed } from '@serverless-gitlab-runner/shared-events';

/** Why no manager could be started. A permanent failure lasts until a person changes something. */
export interface LaunchFailure {
  reason: ManagerLaunchFailed['reason'];
  /** A sentence that says what happened and what to do. */
  message: string;
  permanent: boolean;
}

/** Why a message comes back whose job has no manager. */
export type RetryReason = 'at-maximum' | 'gitlab-unreachable' | ManagerLaunchFailed['reason'];

/** The outcome of one message. */
export type Outcome =
  /** A manager has the job or will take it, or no manager is needed. */
  | {
      kind: 'done';
      because:
        | 'job-runs'
        /** The job waited long although managers had free capacity, so it cannot be waiting any more. */
        | 'job-overdue'
        /** A request without a job, or the last receive of one with a job. */
        | 'manager-runs'
        | 'manager-launched'
        /** An event that asks for no manager. */
        | 'irrelevant-event'
        /** GitLab reports that the job is no longer waiting. */
        | 'job-not-waiting'
        /** No fleet's runner takes a job with these tags. */
        | 'no-fleet-takes-it'
        /** A safety launch, and GitLab reports no waiting job. */
        | 'nothing-waits';
    }
  /** Its job was assigned to a manager. It comes back until the job has a task, so that no launcher forgets it. */
  | { kind: 'recheck'; because: 'manager-runs' | 'manager-launched' }
  /** It stays in the queue and comes back later. */
  | { kind: 'retry'; reason: RetryReason }
  /** It goes to the dead-letter queue, with the reason. */
  | { kind: 'give-up'; reason: 'unreadable' | ManagerLaunchFailed['reason']; message: string }
  /** It was received `maxReceiveCount` times; `last` is why it would have come back once more. */
  | { kind: 'give-up'; reason: 'receives-exhausted'; last: RetryReason; message: string };

/** The outcome of messages that a failure left without a manager. */
export function outcomeOfFailure({ reason, message, permanent }: LaunchFailure): Outcome {
  return permanent ? { kind: 'give-up', reason, message } : { kind: 'retry', reason };
}
