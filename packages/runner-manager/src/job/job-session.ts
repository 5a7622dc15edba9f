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

/** A task started for a job. */
export interface StartedTask {
  arn: string;
  capacityProvider: CapacityProvider;
  shape: JobTaskShape;
  /** When RunTask was called, in milliseconds since 1970. */
  requestedAt: number;
  /** The task as ECS last reported it. */
  lastSeen?: Task;
  /** Whether it has accepted commands. */
  isReady: boolean;
  /** Seconds from RunTask until it accepted commands, if it was started ahead. */
  startSeconds?: number;
  /** When a job claimed it, if it was started ahead. Milliseconds since 1970. */
  claimedAt?: number;
}

/** One attempt of the runner to prepare a job, and the job that results: from `config` to `cleanup`. */
export interface JobSession {
  /**
   * Identifies the session to the hooks. Random, and passed through the runner's `job_env`, which no variable of a job can
   * override. Only the hooks know it.
   */
  id: string;
  identity: JobIdentity;
  /** The job's token, used to report its end if the runner no longer can. */
  jobToken: string;
  /** The job as GitLab sent it, until `prepare` takes it: a session is prepared once. */
  response: JobResponse | undefined;
  /** Identifies this session's task start, also among the runner's other attempts for the job. */
  startId: string;
  /** Aborted when the job is cancelled or cleaned up. */
  abort: AbortController;
  services: readonly PlannedService[];
  /** Containers of services whose end the job log has reported. */
  reportedServices: Set<string>;
  /** Secrets created for the job's images, as long as they are needed. */
  secrets: SecretLease[];
  /** Settles when the secrets are released, which may be after the session's end. */
  loginsReleased: Promise<void>;
  /** What was reported already, so that it is not repeated. */
  reported: Set<'summary' | 'memory' | 'disk' | 'end'>;
  /** Why its task was lost, once that is known. */
  loss?: StopExplanation;
  task?: StartedTask;
  connection?: JobConnection;
  /** When the runner took the job, in milliseconds since 1970. */
  takenAt: number;
  /** Seconds from then until its task accepted commands, once it does. */
  startSeconds?: number;
  /** Whether the job cannot run as it is written. */
  isRefused: boolean;
  /** How its script ended, or a stage before it failed. */
  scriptEnd?: 'succeeded' | 'failed';
  /** Settles when `prepare` is over. Never rejects. */
  prepared: Promise<void>;
  /** Set once the session is being ended. */
  ended?: Promise<void>;
  /** Stops what runs besides the hooks: watching the task, heartbeats. */
  release: (() => void)[];
}

/** Bytes of a session's id, which has 32 hexadecimal digits. */
const ID_BYTES = 16;
/** Format of a session's id. The hook server rejects any other. */
export const SESSION_ID = /^[0-9a-f]{32}$/;

/** Creates the session of a job. */
export function newSession(identity: JobIdentity, response: JobResponse): JobSession {
  return {
    id: randomBytes(ID_BYTES).toString('hex'),
    identity,
    jobToken: response.token,
    response,
    startId: `${identity.jobId}-${randomBytes(4).toString('hex')}`,
    abort: new AbortController(),
    services: [],
    reportedServices: new Set(),
    reported: new Set(),
    secrets: [],
    loginsReleased: Promise.resolve(),
    takenAt: Date.now(),
    isRefused: false,
    prepared: Promise.resolve(),
    release: [],
  };
}

/** Ends everything of a session except its task. */
export function releaseSession(session: JobSession): void {
  session.abort.abort();
  for (const release of session.release.splice(0)) release();
  session.connection?.close();
}
