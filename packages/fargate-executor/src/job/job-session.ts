import type { Task } from '@aws-sdk/client-ecs';
import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';
import type { StopExplanation } from '../task/explain-stop.ts';
import type { SecretLease } from '../task/lease-secrets.ts';
import type { JobIdentity } from './job-request.ts';
import type { JobConnection } from './open-connection.ts';
import type { JobTaskShape } from './plan-job-task.ts';
import type { PlannedService } from './service-ports.ts';

/** A task that was started for a job. */
export interface StartedTask {
  arn: string;
  capacityProvider: CapacityProvider;
  shape: JobTaskShape;
  /** When RunTask was called, in milliseconds since 1970. */
  askedAt: number;
  /** ECS's last word on it. */
  lastSeen?: Task;
  /** Whether it took commands. */
  isReady: boolean;
}

/** A job while the manager has to do with it: from the first `prepare` to `cleanup`. */
export interface JobSession {
  identity: JobIdentity;
  /** Differs between the runner's tries to prepare the job, so that each starts a task of its own. */
  startId: string;
  /** Aborted when the job is cancelled or cleaned up. */
  abort: AbortController;
  /** The job's services, and the containers of those whose end the job log has told. */
  services: readonly PlannedService[];
  toldServices: Set<string>;
  /** Secrets that were made for the job's images. */
  secrets: SecretLease[];
  /** What the job log has told once: a second time would be noise. */
  told: Set<'summary' | 'memory' | 'disk' | 'end'>;
  /** Why its task was lost, once that is known. */
  loss?: StopExplanation;
  task?: StartedTask;
  connection?: JobConnection;
  /** Settles, without ever failing, when `prepare` is over. */
  prepared: Promise<void>;
  /** Set once the session is being ended. */
  ended?: Promise<void>;
  /** Ends what goes on beside the hooks: watching the task, heartbeats. */
  release: (() => void)[];
}

/** A session of a job that nothing was done for yet. */
export function newSession(identity: JobIdentity, startId: string): JobSession {
  return {
    identity,
    startId,
    abort: new AbortController(),
    services: [],
    toldServices: new Set(),
    told: new Set(),
    secrets: [],
    prepared: Promise.resolve(),
    release: [],
  };
}

/** Ends everything of a session but its task. */
export function releaseSession(session: JobSession): void {
  session.abort.abort();
  for (const release of session.release.splice(0)) release();
  session.connection?.close();
}
