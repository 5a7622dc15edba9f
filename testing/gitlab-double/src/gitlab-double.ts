import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { RegistrySettings } from './container-registry/registry-settings.ts';
import { createDeployToken } from './deploy-tokens.ts';
import { type CommitDefinition, createRepository, pushCommit } from './git/repository.ts';
import { type AccessScope, Instance } from './instance.ts';
import type { PipelineDefinition, ProjectDefinition, RunnerDefinition } from './model/definitions.ts';
import type { DeployTokenDefinition } from './model/deploy-token.ts';
import type { Job, Pipeline } from './model/pipeline.ts';
import type { Project } from './model/project.ts';
import { createPipeline, retryJob } from './pipelines/create-pipeline.ts';
import { cancelJob, moveJob } from './pipelines/lifecycle.ts';
import { createAccessToken } from './rest-api/access.ts';
import { createRunner } from './runners.ts';
import { createGitLabServer } from './server.ts';
import { addWebhook, WebhookDispatcher } from './webhooks/dispatcher.ts';
import type { WebhookDefinition } from './webhooks/webhook.ts';

export interface GitLabDoubleOptions {
  /** Address to listen on. */
  host: string;
  /** Default: a free port. */
  port?: number;
  /** URL of the double as runners, git and webhook receivers see it. Default: `http://<host>:<port>`. */
  externalUrl?: string;
  /** Runner tokens that are valid from the start. Default: none. */
  runnerTokens?: readonly string[];
  /** Directory for repositories and artifacts. Default: a temporary one, removed by `stop`. */
  dataDir?: string;
  /** Seconds between trace patches, as requested from runners. Default 3: GitLab's value while a user watches the log. */
  traceUpdateInterval?: number;
  /** Maximum size of an artifact in bytes. Default 100 MiB. */
  artifactSizeLimit?: number;
  /** Milliseconds that a job request is held while no job is pending. Default 0; GitLab's Workhorse uses 50,000. */
  longPollMs?: number;
  /** Concurrent webhook deliveries. Default 20, the threads of one Sidekiq process. */
  concurrentDeliveries?: number;
  /** Token for the REST API. Default: a generated one. */
  privateToken?: string;
  /** Whether groups may have webhooks, as with GitLab Premium. Default true. */
  groupWebhooks?: boolean;
  /** The address at which a webhook's URL is reached from here, such as a function URL of an emulator. Default: the URL itself. */
  reachableUrl?: (url: string) => string;
}

const SIDEKIQ_THREADS = 20;
/** Default timeout of the `waitFor…` calls. */
const WAIT_MS = 60_000;

export type GitLabDouble = Awaited<ReturnType<typeof startGitLabDouble>>;

/** Starts a GitLab in this process. It listens once the promise resolves; `stop()` ends it. */
export async function startGitLabDouble(options: GitLabDoubleOptions) {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'gitlab-double-')));
  await mkdir(dataDir, { recursive: true });
  const settings = {
    externalUrl: '',
    dataDir,
    traceUpdateInterval: options.traceUpdateInterval ?? 3,
    artifactSizeLimit: options.artifactSizeLimit ?? 100 * 1024 * 1024,
    longPollMs: options.longPollMs ?? 0,
    privateToken: options.privateToken ?? `glpat-${randomBytes(15).toString('base64url')}`,
    registry: undefined,
    groupWebhooks: options.groupWebhooks ?? true,
    reachableUrl: options.reachableUrl ?? ((url) => url),
  };
  const instance = new Instance(settings);
  const server = createGitLabServer(instance);
  const port = await listen(server, options.host, options.port ?? 0);
  settings.externalUrl = (options.externalUrl ?? `http://${urlHost(options.host)}:${port}`).replace(
    /\/$/,
    '',
  );
  for (const token of options.runnerTokens ?? []) createRunner(instance, { token });
  const dispatcher = new WebhookDispatcher(instance, options.concurrentDeliveries ?? SIDEKIQ_THREADS);
  const stopping = new AbortController();

  return {
    /** URL for clients. */
    url: settings.externalUrl,
    port,
    privateToken: settings.privateToken,
    /** A token with the scope `read_api`. */
    readApiToken: createAccessToken(instance, ['read_api']),
    /** All jobs by id; live records. */
    jobs: instance.jobs,
    pipelines: instance.pipelines,
    runners: instance.runners,
    webhooks: instance.webhooks,
    deployTokens: instance.deployTokens,
    /** Requests that a well-behaved client does not send. Tests of such a client expect it to stay empty. */
    protocolErrors: instance.protocolErrors,
    /** Fields sent by runners that the double does not know; GitLab ignores them. */
    unknownFields: instance.unknownFields,
    /** Completed webhook deliveries, in order of completion. */
    deliveries: instance.deliveries,

    createProject: (definition: ProjectDefinition) => createProject(instance, definition),
    pushCommit: (project: Project, commit: CommitDefinition) => pushCommit(project, commit),
    createPipeline: (project: Project, definition: PipelineDefinition) =>
      createPipeline(instance, project, definition),
    createDeployToken: (definition: DeployTokenDefinition) => createDeployToken(instance, definition),
    /** Creates a personal access token of a Maintainer of all projects. */
    createAccessToken: (scopes: readonly AccessScope[]) => createAccessToken(instance, scopes),
    /** Adds a container registry to the instance; it accepts the tokens of `/jwt/auth`. */
    enableRegistry: (registry: RegistrySettings) => {
      instance.settings.registry = registry;
    },
    createRunner: (definition?: RunnerDefinition) => createRunner(instance, definition),
    /** From now on requests with its token are answered 403, as after deleting the runner. */
    revokeRunner: (id: number) => {
      instance.runner(id).revoked = true;
    },
    /** A paused runner is given no jobs. */
    pauseRunner: (id: number, paused = true) => {
      instance.runner(id).paused = paused;
      instance.tickRunnerQueue();
    },
    /** Like the button in GitLab: the runner learns of it from the response to its next request. */
    cancelJob: (id: number) => cancelJob(instance, instance.job(id)),
    /** Like GitLab's clean-up (StuckCiJobsWorker), which fails a job whose runner has not contacted GitLab for an hour. */
    dropStuckJob: (id: number) =>
      moveJob(instance, instance.job(id), 'failed', { failureReason: 'stuck_or_timeout_failure' }),
    retryJob: (id: number): Job => retryJob(instance, instance.job(id)),
    /** Starts a manual job. */
    playJob: (id: number) => {
      const job = instance.job(id);
      if (job.status === 'manual') moveJob(instance, job, 'pending');
    },
    addWebhook: (definition: WebhookDefinition) => addWebhook(instance, definition),
    /** Resolves when all started webhook deliveries have completed. */
    deliveriesSettled: () => dispatcher.settled(),

    /** Calls `listener` for each event. Returns a function that unsubscribes it. */
    subscribe: instance.hub.subscribe.bind(instance.hub),
    /** Yields each event from now on, until `stop`. */
    events: () => instance.hub.stream(stopping.signal),
    /** Resolves once the condition returns something other than false or undefined. It is evaluated now and after each event. */
    waitUntil: <T>(condition: () => T | undefined | false, timeoutMs = WAIT_MS, what = 'a condition') =>
      instance.hub.waitUntil(condition, timeoutMs, () => what),
    waitForJob: (id: number, predicate: (job: Job) => boolean = isFinished, timeoutMs = WAIT_MS) =>
      waitForJob(instance, id, predicate, timeoutMs),
    /** The timeout restarts whenever the status of any job changes. */
    waitForPipeline: (
      id: number,
      predicate: (pipeline: Pipeline) => boolean = isPipelineFinished,
      timeoutMs = WAIT_MS,
    ) => waitForPipeline(instance, id, predicate, timeoutMs),

    /** Stops listening, lets deliveries end, and removes the temporary directory. */
    stop: async (): Promise<void> => {
      stopping.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await Promise.all([closed, dispatcher.stop()]);
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function createProject(instance: Instance, definition: ProjectDefinition): Promise<Project> {
  const id = instance.nextId('project');
  const { dataDir } = instance.settings;
  const project: Project = {
    id,
    path: definition.path,
    name: basename(definition.path),
    namespace: dirname(definition.path),
    description: definition.description ?? '',
    visibility: definition.visibility ?? 'private',
    defaultBranch: definition.defaultBranch ?? 'main',
    variables: definition.variables ?? {},
    gitDepth: definition.gitDepth ?? 20,
    buildTimeout: definition.buildTimeout ?? 3600,
    jobTokenAllowlist: definition.jobTokenAllowlist ?? [],
    autoCancelRedundantPipelines: definition.autoCancelRedundantPipelines ?? false,
    protectedBranches: definition.protectedBranches ?? [definition.defaultBranch ?? 'main'],
    largeFiles: new Map(),
    repository: join(dataDir, 'repositories', `${definition.path}.git`),
    workTree: join(dataDir, 'work-trees', `${id}`),
  };
  await createRepository(project);
  instance.projects.set(id, project);
  return project;
}

function waitForJob(
  instance: Instance,
  id: number,
  predicate: (job: Job) => boolean,
  timeoutMs: number,
): Promise<Job> {
  const job = instance.job(id);
  return instance.hub.waitUntil(
    () => predicate(job) && job,
    timeoutMs,
    () => `job ${job.name} (${id}) is ${job.status}, and its log ends with:\n${job.trace.text.slice(-2000)}`,
  );
}

function waitForPipeline(
  instance: Instance,
  id: number,
  predicate: (pipeline: Pipeline) => boolean,
  timeoutMs: number,
): Promise<Pipeline> {
  const pipeline = instance.pipeline(id);
  return instance.hub.waitUntil(
    () => predicate(pipeline) && pipeline,
    timeoutMs,
    () => {
      const jobs = pipeline.jobs.map((job) => `${job.name} ${job.status}`);
      return `pipeline ${id} is ${pipeline.status}; its jobs: ${jobs.join(', ')}`;
    },
    // Restart the timeout on progress: a slow machine must not fail a test.
    ({ type }) => type === 'job-status',
  );
}

const isFinished = (job: Job): boolean => job.finished;
const isPipelineFinished = (pipeline: Pipeline): boolean =>
  ['success', 'failed', 'canceled', 'skipped'].includes(pipeline.status);

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

/** The host part of a URL for an address. The addresses for "all interfaces" become loopback. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
