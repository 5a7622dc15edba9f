import { randomBytes } from 'node:crypto';
import type { RegistrySettings } from './container-registry/registry-settings.ts';
import { UnknownRecordError } from './errors.ts';
import { EventHub, type ProtocolError } from './events.ts';
import type { DeployToken } from './model/deploy-token.ts';
import type { Job } from './model/job.ts';
import type { Pipeline } from './model/pipeline.ts';
import type { Project } from './model/project.ts';
import type { Runner } from './model/runner.ts';
import type { Webhook, WebhookDelivery } from './webhooks/webhook.ts';

/** GitLab's version that the double claims to be: `CI_SERVER_VERSION` and the hooks' User-Agent. */
export const GITLAB_VERSION = '18.6.0';

export interface Settings {
  /** Where clients reach the double; no slash at the end. */
  externalUrl: string;
  dataDir: string;
  /** Seconds between two trace patches that the runner is asked for. */
  traceUpdateInterval: number;
  /** Bytes. */
  artifactSizeLimit: number;
  /** Milliseconds that a job request with the current `last_update` is held. */
  longPollMs: number;
  privateToken: string;
  /** Undefined: the instance has no container registry. */
  registry: RegistrySettings | undefined;
}

/** Everything that the double knows. One object, passed to every part. */
export class Instance {
  readonly settings: Settings;
  readonly hub = new EventHub();
  readonly projects = new Map<number, Project>();
  readonly runners = new Map<number, Runner>();
  readonly pipelines = new Map<number, Pipeline>();
  readonly jobs = new Map<number, Job>();
  readonly webhooks = new Map<number, Webhook>();
  readonly deployTokens: DeployToken[] = [];
  readonly deliveries: WebhookDelivery[] = [];
  readonly protocolErrors: ProtocolError[] = [];
  /** Fields that runners sent and the double does not know, such as `jobs/request: info.colour`. */
  readonly unknownFields = new Set<string>();
  readonly #counters = new Map<string, number>();
  #queueValue = randomBytes(16).toString('hex');

  constructor(settings: Settings) {
    this.settings = settings;
  }

  now(): Date {
    return new Date();
  }

  /** Ids count up per kind, from 1, or from a base that keeps jobs and pipelines from looking alike. */
  nextId(kind: 'project' | 'runner' | 'manager' | 'pipeline' | 'job' | 'webhook' | 'deployToken'): number {
    const base = { project: 0, runner: 0, manager: 0, pipeline: 100, job: 1000, webhook: 0, deployToken: 0 }[
      kind
    ];
    const next = (this.#counters.get(kind) ?? base) + 1;
    this.#counters.set(kind, next);
    return next;
  }

  /** The value of `X-GitLab-Last-Update`: another one whenever a job may have become available. */
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
    return known(this.jobs, id, 'job');
  }

  pipeline(id: number): Pipeline {
    return known(this.pipelines, id, 'pipeline');
  }

  runner(id: number): Runner {
    return known(this.runners, id, 'runner');
  }

  runnerByToken(token: string): Runner | undefined {
    return [...this.runners.values()].find((runner) => runner.token === token && !runner.revoked);
  }

  /** The job whose token this is, while the token is valid. */
  jobByToken(token: string): Job | undefined {
    return [...this.jobs.values()].find((job) => job.token === token && job.tokenValid);
  }
}

function known<T>(records: Map<number, T>, id: number, kind: string): T {
  const record = records.get(id);
  if (record === undefined)
    throw new UnknownRecordError(`There is no ${kind} with id ${id} in this GitLab double.`);
  return record;
}
