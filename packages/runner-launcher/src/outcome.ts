import type { ManagerLaunchFailed } from '@serverless-gitlab-runner/shared-events';

/** Why no manager could be started. A permanent failure stays until a person changes something. */
export interface LaunchFailure {
  reason: ManagerLaunchFailed['reason'];
  /** A sentence that says what happened and what to do. */
  message: string;
  permanent: boolean;
}

/** Why a message comes back although no manager has its job. */
export type RetryReason = 'at-maximum' | 'gitlab-unreachable' | ManagerLaunchFailed['reason'];

/** What becomes of one message. */
export type Outcome =
  /** A manager has it, will have it, or nobody needs one. */
  | {
      kind: 'done';
      because:
        | 'job-runs'
        /** A job waited long beside free places: nobody waits there any more. */
        | 'job-overdue'
        /** A request without a job, or the last receive of one with a job. */
        | 'manager-runs'
        | 'manager-launched'
        | 'not-ours'
        /** GitLab says that the job waits no more. */
        | 'job-not-waiting'
        /** GitLab says that no fleet's runner takes a job with these tags. */
        | 'no-fleet-takes-it'
        /** A safety launch, and GitLab says that no job waits. */
        | 'nothing-waits';
    }
  /** Its job counts on a manager; it comes back until the job has a task, so that no launcher forgets it. */
  | { kind: 'recheck'; because: 'manager-runs' | 'manager-launched' }
  /** It stays in the queue and comes back later. */
  | { kind: 'retry'; reason: RetryReason }
  /** It goes to the dead-letter queue, with the reason. */
  | { kind: 'give-up'; reason: 'unreadable' | ManagerLaunchFailed['reason']; message: string }
  /** It came back as often as the queue lets it; `last` is why it would come back once more. */
  | { kind: 'give-up'; reason: 'receives-exhausted'; last: RetryReason; message: string };

/** What becomes of messages that a failure left without a manager. */
export function outcomeOfFailure({ reason, message, permanent }: LaunchFailure): Outcome {
  return permanent ? { kind: 'give-up', reason, message } : { kind: 'retry', reason };
}
