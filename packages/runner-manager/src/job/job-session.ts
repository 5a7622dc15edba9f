import { randomBytes } from 'node:crypto';
import type { Task } from '@aws-sdk/client-ecs';
import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';
import type { StopExplanation } from '../task/explain-stop.ts';
import type { SecretLease } from '../task/lease-secrets.ts';
import type { JobTaskShape } from '../task/task-shape.ts';
import type { PlannedService } from './plan/service-ports.ts';
import type { JobIdentity } from './request/job-identity.ts';
import type { JobResponse } from './request/job-response.ts';
import type { JobConnection } from './start/open-connection.ts';

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

/** One try of the runner to prepare a job, and the job that comes of it: from `config` to `cleanup`. */
export interface JobSession {
  /**
   * What the hooks find the session by: random, handed out through the runner's `job_env`, which no variable of a job
   * reaches. Nobody else is told it.
   */
  id: string;
  identity: JobIdentity;
  /** The job's token, with which its end is reported where the runner cannot do so any more. */
  jobToken: string;
  /** The job as GitLab sent it, until `prepare` takes it: a session is prepared once. */
  response: JobResponse | undefined;
  /** Tells this session's start from any other, the runner's other tries included. */
  startId: string;
  /** Aborted when the job is cancelled or cleaned up. */
  abort: AbortController;
  /** The job's services, and the containers of those whose end the job log has told. */
  services: readonly PlannedService[];
  toldServices: Set<string>;
  /** Secrets that were made for the job's images, as long as they are needed. */
  secrets: SecretLease[];
  /** Settles when they are given back, which may be after the session's end. */
  loginsReleased: Promise<void>;
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

/** Bytes of a session's id: 32 hexadecimal digits. */
const ID_BYTES = 16;
/** What an id looks like; nothing else is looked up. */
export const SESSION_ID = /^[0-9a-f]{32}$/;

/** A session of a job that nothing was done for yet. */
export function newSession(identity: JobIdentity, response: JobResponse): JobSession {
  return {
    id: randomBytes(ID_BYTES).toString('hex'),
    identity,
    jobToken: response.token,
    response,
    startId: `${identity.jobId}-${randomBytes(4).toString('hex')}`,
    abort: new AbortController(),
    services: [],
    toldServices: new Set(),
    told: new Set(),
    secrets: [],
    loginsReleased: Promise.resolve(),
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
