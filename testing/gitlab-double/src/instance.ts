import { randomBytes } from 'node:crypto';
import type { RegistrySettings } from './container-registry/registry-settings.ts';
import { UnknownRecordError } from './errors.ts';
import { EventHub, type ProtocolError } from './events.ts';
import type { DeployToken } from './model/deploy-token.ts';
import type { Job, Pipeline } from './model/pipeline.ts';
import type { Project } from './model/project.ts';
import type { Runner } from './model/runner.ts';
import type { Webhook, WebhookDelivery } from './webhooks/webhook.ts';

/** The GitLab version that the double reports in `CI_SERVER_VERSION` and in the User-Agent of webhooks. */
export const GITLAB_VERSION = '18.6.0';

export interface Settings {
  /** URL for clients, without a trailing slash. */
  externalUrl: string;
  dataDir: string;
  /** Seconds between trace patches, as requested from runners. */
  traceUpdateInterval: number;
  /** Bytes. */
  artifactSizeLimit: number;
  /** Milliseconds that a job request with the current `last_update` is held. */
  longPollMs: number;
  privateToken: string;
  /** Whether groups may have webhooks (GitLab Premium). */
  groupWebhooks: boolean;
  /** The address at which a webhook's URL is reached from here. */
  reachableUrl: (url: string) => string;
  /** Undefined: the instance has no container registry. */
  registry: RegistrySettings | undefined;
}

/** A personal access token. @see https://docs.gitlab.com/user/profile/personal_access_tokens/#personal-access-token-scopes */
export interface AccessToken {
  id: number;
  scopes: readonly AccessScope[];
}

export type AccessScope = 'api' | 'read_api' | 'create_runner' | 'manage_runner';

/** The state of the double. */
export class Instance {
  readonly settings: Settings;
  readonly hub = new EventHub();
  readonly projects = new Map<number, Project>();
  readonly runners = new Map<number, Runner>();
  readonly pipelines = new Map<number, Pipeline>();
  readonly jobs = new Map<number, Job>();
  readonly webhooks = new Map<number, Webhook>();
  readonly deployTokens: DeployToken[] = [];
  /** Personal access tokens besides `privateToken`, by token. */
  readonly accessTokens = new Map<string, AccessToken>();
  readonly deliveries: WebhookDelivery[] = [];
  readonly protocolErrors: ProtocolError[] = [];
  /** Fields sent by runners that the double does not know, such as `jobs/request: info.colour`. */
  readonly unknownFields = new Set<string>();
  readonly #counters = new Map<string, number>();
  #queueValue = randomBytes(16).toString('hex');

  constructor(settings: Settings) {
    this.settings = settings;
  }

  now(): Date {
    return new Date();
  }

  /** Returns the next id of a kind. Jobs and pipelines start at a base of their own, so that their ids differ visibly. */
  nextId(
    kind: 'project' | 'runner' | 'manager' | 'pipeline' | 'job' | 'webhook' | 'deployToken' | 'accessToken',
  ): number {
    const base: Partial<Record<typeof kind, number>> = { pipeline: 100, job: 1000 };
    const next = (this.#counters.get(kind) ?? base[kind] ?? 0) + 1;
    this.#counters.set(kind, next);
    return next;
  }

  /** The value of `X-GitLab-Last-Update`. It changes whenever a job may have become available. */
  get queueValue(): string {
    return this.#queueValue;
  }

  tickRunnerQueue(): void {
    this.#queueValue = randomBytes(16).toString('hex');
  }

  recordProtocolError(error: Omit<ProtocolError, 'at'>): void {
    const record = { at: this.now(), ...error };
    this.protocolErrors.push(record);
    this.hub.publish({ type: 'protocol-error', at: record.at, error: record });
  }

  job(id: number): Job {
    return getRecord(this.jobs, id, 'job');
  }

  pipeline(id: number): Pipeline {
    return getRecord(this.pipelines, id, 'pipeline');
  }

  runner(id: number): Runner {
    return getRecord(this.runners, id, 'runner');
  }

  runnerByToken(token: string): Runner | undefined {
    return [...this.runners.values()].find((runner) => runner.token === token && !runner.revoked);
  }

  /** The job with this token, if the token is valid now. */
  jobByToken(token: string): Job | undefined {
    return [...this.jobs.values()].find((job) => job.token === token && job.tokenValid);
  }
}

function getRecord<T>(records: Map<number, T>, id: number, kind: string): T {
  const record = records.get(id);
  if (record === undefined) throw new UnknownRecordError(`This GitLab double has no ${kind} with id ${id}.`);
  return record;
}
