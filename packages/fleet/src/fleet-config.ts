import { fleetNameSchema } from '@serverless-gitlab-runner/shared-events';
import * as z from 'zod';
import { cacheSchema } from './cache-config.ts';
import {
  architectureSchema,
  capacityProviderSchema,
  isFargateSize,
  nextFargateSize,
} from './fargate-sizes.ts';
import { parseDocument } from './parse-document.ts';
import { gitlabUrlSchema, versionSchema, webhookSchema } from './webhook-settings.ts';

const sizeSchema = z
  .object({ cpu: z.int().positive(), memory: z.int().positive() })
  .superRefine((size, context) => {
    if (isFargateSize(size)) return;
    const next = nextFargateSize(size);
    const hint = next
      ? `the next larger size is cpu ${next.cpu}, memory ${next.memory}`
      : 'no size is that large';
    context.addIssue({
      code: 'custom',
      message: `Fargate has no size cpu ${size.cpu}, memory ${size.memory}: ${hint}`,
    });
  });

/** Capacity providers, tried in this order until one has capacity. */
const capacitySchema = z.array(capacityProviderSchema).min(1).max(2);

/** The runner managers of the fleet. */
const managerSchema = z
  .object({
    /** Maximum number of managers at a time. Default 1. */
    max: z.int().min(1).max(100).default(1),
    /** Jobs that one manager runs at a time (GitLab Runner's `concurrent`). Default 20. */
    concurrentJobs: z.int().min(1).max(200).default(20),
    /**
     * Capacity providers of managers, tried in order. Default on demand only: a Spot interruption of a manager ends all its jobs.
     */
    capacity: capacitySchema.default(['FARGATE']),
    /** Seconds without a job or demand after which a manager is drained. Default 300. */
    idleSeconds: z.int().min(5).max(86_400).default(300),
    /** Seconds after which a manager is drained and replaced, so that it picks up new images. Default 86,400. */
    maxLifetimeSeconds: z.int().min(300).max(604_800).default(86_400),
    /**
     * Seconds that a drained manager without a job task may take to leave before it is stopped. Default 900. At least 180: for
     * two minutes after the drain, GitLab may still answer a request with a job.
     */
    drainGraceSeconds: z.int().min(180).max(86_400).default(900),
    /**
     * Seconds between GitLab Runner's requests for jobs (its `check_interval`). Default 3; with `ahead.start: next` 1, because with
     * tasks that are ready, a GitLab that does not hold requests open (long polling) is most of what a stage waits for.
     */
    checkIntervalSeconds: z.int().min(1).max(60).optional(),
    /** Seconds between the manager's reads of its own tags. Default 10. With n > 10 managers, n/10 times as long, at most 60. */
    drainPollSeconds: z.number().min(0.2).max(60).default(10),
  })
  .prefault({});

/** A registry with an optional port, and an optional path in it; no scheme, no tag. */
const mirrorSchema = z
  .string()
  .max(200)
  .regex(
    /^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+|[a-z0-9-]+(?=:))(:[0-9]{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
    'must be a registry and a path, for example 123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub',
  );

/** A registry as written in image names: `docker.io`, `registry.example.com:5050`. */
const registrySchema = z
  .string()
  .max(200)
  .regex(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?$/,
    'must be a registry as written in image names, for example registry.example.com:5050',
  );

/** The tasks that run the fleet's jobs. */
const jobSchema = z
  .object({
    /** Image of jobs without `image:`. Default `debian:bookworm-slim`. */
    defaultImage: z.string().min(1).max(1024).default('debian:bookworm-slim'),
    /** Size of jobs that request none. Default 1 vCPU and 2 GiB. */
    size: sizeSchema.default({ cpu: 1024, memory: 2048 }),
    /** The largest size that a job may request by variable. Default 4 vCPU and 30 GiB. */
    maxSize: sizeSchema.default({ cpu: 4096, memory: 30_720 }),
    /** Architecture of jobs that request none. Default `X86_64`. */
    architecture: architectureSchema.default('X86_64'),
    /**
     * Architectures that jobs may request. Default both. The deployment builds the helper's image for these; if this is not set, for
     * `job.architecture` only.
     */
    architectures: z.array(architectureSchema).min(1).default(['X86_64', 'ARM64']),
    /**
     * Capacity providers of job tasks, tried in order. Default on demand only: Spot is about 70 % cheaper, but AWS may interrupt
     * a job's task.
     */
    capacity: capacitySchema.default(['FARGATE']),
    /**
     * Maximum number of concurrent jobs of one project in one manager. Further jobs keep their places in the manager, wait for at
     * most `job.startTimeoutSeconds`, and then fail. Default none: only the fleet's own limits apply.
     */
    maxConcurrentPerProject: z.int().min(1).max(20_000).optional(),
    /**
     * Maximum vCPUs of one project's concurrent jobs in one manager. Further jobs wait in the same way; a job above the limit runs
     * alone. Default none: only the fleet's own limits apply.
     */
    maxVcpuPerProject: z.number().min(0.25).max(320_000).optional(),
    /** GiB of ephemeral storage of jobs that request none. Default 20, which Fargate includes. */
    ephemeralStorageGib: z.int().min(20).max(200).default(20),
    /** The most ephemeral storage that a job may request, in GiB. Default 100. */
    maxEphemeralStorageGib: z.int().min(20).max(200).default(100),
    /** IAM role of job tasks. Default none: a job has no AWS permissions. */
    taskRoleArn: z.string().startsWith('arn:').optional(),
    /** Seconds after which a job task is stopped, even if its job still runs. Default 14,400. */
    maxLifetimeSeconds: z.int().min(300).max(604_800).default(14_400),
    /** Seconds without a heartbeat from the manager after which a job task's helper stops the task. Default 300. */
    deadManSeconds: z.int().min(30).max(3600).default(300),
    /**
     * Seconds from the first RunTask within which the job must accept commands, including image pulls and the wait for Fargate
     * capacity or a vCPU quota. Default 600.
     */
    startTimeoutSeconds: z.int().min(30).max(3600).default(600),
    /** Seconds that a job waits for its services (GitLab Runner's `wait_for_services_timeout`). Default 30; 0: no wait. */
    waitForServicesSeconds: z.int().min(0).max(600).default(30),
    /**
     * Whether the output of services is sent to CloudWatch, to the log group of jobs. Default false: the last lines of a service
     * that ends are in the job log anyway, and anyone who may push could cause unlimited CloudWatch costs.
     */
    shipServiceOutput: z.boolean().default(false),
    /**
     * Secrets Manager secrets (ARNs; `{"username": …, "password": …}`) with credentials for pulling images, by registry and
     * path. Default none. A job's own `DOCKER_AUTH_CONFIG` takes precedence.
     */
    registryCredentials: z.record(z.string().min(1), z.string().startsWith('arn:')).default({}),
    /**
     * Mirrors by registry, or by registry and path: images are pulled from the mirror instead. For example an ECR pull-through
     * cache, `123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub` for `docker.io`. Default none.
     */
    registryMirrors: z.record(z.string().min(1), mirrorSchema).default({}),
    /**
     * Whether images' own entry points are run, as in GitLab's Docker executor. Default false, as in its Kubernetes executor; a
     * job overrides this with `FF_KUBERNETES_HONOR_ENTRYPOINT`.
     */
    honorImageEntryPoint: z.boolean().default(false),
    /**
     * Registries from which managers may read image configurations, for entry points and the commands of services; https only.
     * GitLab's own registry, which GitLab sends with its jobs, is always allowed. Default: the large public registries.
     * `docker.io` is Docker Hub.
     */
    imageConfigRegistries: z
      .array(registrySchema)
      .max(50)
      .default(['docker.io', 'ghcr.io', 'quay.io', 'public.ecr.aws', 'registry.gitlab.com']),
  })
  .prefault({});

/**
 * Job tasks that are started ahead: before their jobs are queued, because these usually follow jobs that run. No stage of any job
 * has run in such a task when a job claims it.
 */
const aheadSchema = z
  .object({
    /**
     * `next`: the tasks of jobs that usually follow the running ones are started before those jobs are queued, so that they need
     * not wait for Fargate. Default `off`.
     */
    start: z.enum(['off', 'next']).default('off'),
    /** Maximum vCPUs of tasks that wait to be claimed, in one manager. Default 16. */
    maxVcpu: z.number().min(0.25).max(10_000).default(16),
    /**
     * Whether the tags of images never move. Default false: an image by tag is compared with its registry before a task is
     * claimed, so only images of `job.imageConfigRegistries` and images by digest are started ahead.
     */
    tagsAreFixed: z.boolean().default(false),
    /** Whether tasks with `job.taskRoleArn` are started ahead, too. Default false: no task holds its permissions without a job. */
    withTaskRole: z.boolean().default(false),
  })
  .prefault({});

/** The awsvpc network of the fleet's tasks. */
const networkSchema = z.object({
  /** Subnets of managers and job tasks. */
  subnets: z.array(z.string().startsWith('subnet-')).min(1).max(16),
  /** Security groups of managers. */
  managerSecurityGroups: z.array(z.string().startsWith('sg-')).min(1).max(5),
  /** Security groups of job tasks. */
  jobSecurityGroups: z.array(z.string().startsWith('sg-')).min(1).max(5),
  /** Whether tasks get a public IPv4 address. Default false: the subnets reach the internet through a NAT gateway. */
  assignPublicIp: z.boolean().default(false),
});

/**
 * Which jobs the fleet's runner takes, as configured in GitLab: the runner must have all of a job's tags, and a protected runner
 * takes jobs of protected refs only.
 * @see https://docs.gitlab.com/ci/runners/configure_runners/
 */
const runnerSchema = z
  .object({
    /** The runner's tags. Default none. */
    tagList: z.array(z.string().trim().min(1).max(255)).max(100).default([]),
    /** Whether the runner takes jobs without tags. Default true. */
    runUntagged: z.boolean().default(true),
    /** `ref_protected`: the runner takes jobs of protected branches and tags only. Default `not_protected`. */
    accessLevel: z.enum(['not_protected', 'ref_protected']).default('not_protected'),
  })
  .refine(({ tagList, runUntagged }) => runUntagged || tagList.length > 0, {
    path: ['tagList'],
    message:
      'a runner without tags that takes no untagged jobs takes no jobs: add tags or set runUntagged: true',
  });

/** Access to GitLab's API with the token in the fleet's parameter `api-token` (scope `read_api`). */
const gitlabApiSchema = z.object({
  /**
   * Every project (id or path) whose jobs the fleet's runner may take. Before a safety launch, GitLab is asked whether a job of
   * these projects is waiting; if none is, nothing is started. Default none: GitLab is not asked, since it cannot list the jobs
   * that wait for a runner.
   */
  projects: z
    .array(
      z.union([
        z.int().positive(),
        z.string().regex(/^[^/\s]+(\/[^/\s]+)+$/, 'must be an id or a path, for example group/project'),
      ]),
    )
    .max(20)
    .default([]),
});

/**
 * A fleet's configuration: the JSON document in its SSM parameter. It contains no secrets; those have their own parameters (see
 * `parameterNames`).
 */
export const fleetConfigSchema = z.object({
  /** Version of the document. */
  version: versionSchema,
  /** The fleet's name: a-z, 0-9 and -, at most 32 characters. */
  name: fleetNameSchema,
  /** Base URL of the GitLab instance. Default `https://gitlab.com`. */
  gitlabUrl: gitlabUrlSchema,
  /** URL that job tasks clone from, where it differs from `gitlabUrl` (GitLab Runner's `clone_url`). */
  cloneUrl: z.url({ protocol: /^https?$/ }).optional(),
  manager: managerSchema,
  job: jobSchema,
  ahead: aheadSchema,
  network: networkSchema,
  /** The jobs' cache. Default none: `cache:` finds nothing, since a job's disk is deleted with its task. */
  cache: cacheSchema.optional(),
  webhook: webhookSchema,
  /** Which jobs the fleet's runner takes. Default: not set, so only the webhook's URL decides. Read only with `gitlabApi`. */
  runner: runnerSchema.optional(),
  /** Access to GitLab's API, with the token in the parameter `api-token`. Default: none, and GitLab's API is not asked. */
  gitlabApi: gitlabApiSchema.optional(),
  /**
   * Seconds without a manager after which one is started to poll GitLab, in case a webhook was lost; 0: never. Default 1,800
   * where it is free: with `gitlabApi.projects`, GitLab's API is asked first, and nothing is started if no job is waiting.
   * Otherwise 0: a manager every half hour costs about $2.50 a month. At most 3,000: the last manager is known from ECS's list
   * of stopped tasks, which covers an hour.
   */
  safetyLaunchSeconds: z.int().min(0).max(3000).optional(),
});

export type FleetConfig = z.infer<typeof fleetConfigSchema>;
/** A fleet's configuration as written: fields with a default are optional. */
export type FleetConfigInput = z.input<typeof fleetConfigSchema>;

/** Default of `safetyLaunchSeconds` if GitLab is asked first whether a job is waiting. */
const FREE_SAFETY_LAUNCH_SECONDS = 1800;

/** `safetyLaunchSeconds` of a fleet, with its default; 0: no safety launches. */
export function safetyLaunchSecondsOf({
  safetyLaunchSeconds,
  gitlabApi,
}: Pick<FleetConfig, 'safetyLaunchSeconds' | 'gitlabApi'>): number {
  const isFree = gitlabApi !== undefined && gitlabApi.projects.length > 0;
  return safetyLaunchSeconds ?? (isFree ? FREE_SAFETY_LAUNCH_SECONDS : 0);
}

/** `manager.checkIntervalSeconds` of a fleet, with its default. */
export function checkIntervalSecondsOf({ manager, ahead }: Pick<FleetConfig, 'manager' | 'ahead'>): number {
  return manager.checkIntervalSeconds ?? (ahead.start === 'next' ? 1 : 3);
}

/**
 * Parses a fleet's document from SSM.
 * @param parameterName used in error messages, to name what to correct
 * @throws {InvalidFleetConfigError}
 */
export function parseFleetConfig(parameterName: string, document: string): FleetConfig {
  return parseDocument(fleetConfigSchema, parameterName, document);
}
