import { fleetNameSchema } from '@serverless-gitlab-runner/shared-events';
import * as z from 'zod';
import { cacheSchema } from './cache-config.ts';
import {
  architectureSchema,
  capacityProviderSchema,
  isFargateSize,
  nextFargateSize,
} from './fargate-sizes.ts';

const sizeSchema = z
  .object({ cpu: z.int().positive(), memory: z.int().positive() })
  .superRefine((size, context) => {
    if (isFargateSize(size)) return;
    const near = nextFargateSize(size);
    const hint = near ? `the next one up is cpu ${near.cpu}, memory ${near.memory}` : 'it is larger than any';
    context.addIssue({
      code: 'custom',
      message: `Fargate has no size cpu ${size.cpu}, memory ${size.memory}: ${hint}`,
    });
  });

/** Tried in this order until one has capacity. */
const capacitySchema = z.array(capacityProviderSchema).min(1).max(2);

/** The runner managers of the fleet. */
const managerSchema = z
  .object({
    /** The most managers at one time. Default 1. */
    max: z.int().min(1).max(100).default(1),
    /** Jobs that one manager runs at one time (GitLab Runner's `concurrent`). Default 20. */
    concurrentJobs: z.int().min(1).max(200).default(20),
    /**
     * Where managers run, tried in order. Default on demand only: a Spot interruption of a manager ends all its jobs.
     */
    capacity: capacitySchema.default(['FARGATE']),
    /** Seconds without a job or demand after which a manager is drained. Default 300. */
    idleSeconds: z.int().min(5).max(86_400).default(300),
    /** Seconds after which a manager is drained and replaced, so that it picks up new images. Default 86,400. */
    maxLifetimeSeconds: z.int().min(300).max(604_800).default(86_400),
    /**
     * Seconds that a drained manager without a job task may take to leave before it is stopped. Default 900. At least
     * 180: until two minutes after the drain GitLab may still answer a request for a job.
     */
    drainGraceSeconds: z.int().min(180).max(86_400).default(900),
    /** Seconds between GitLab Runner's requests for jobs (its `check_interval`). Default 3. */
    checkIntervalSeconds: z.int().min(1).max(60).default(3),
    /** Seconds between the manager's looks at its own tags. Default 10. */
    drainPollSeconds: z.number().min(0.2).max(60).default(10),
  })
  .prefault({});

/** A registry, with its port, and a path in it; no scheme, no tag. */
const mirrorSchema = z
  .string()
  .max(200)
  .regex(
    /^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+|[a-z0-9-]+(?=:))(:[0-9]{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
    'is a registry and a path, as in 123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub',
  );

/** A registry as it stands in images' names: `docker.io`, `registry.example.com:5050`. */
const registrySchema = z
  .string()
  .max(200)
  .regex(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?$/,
    'is a registry as it stands in names of images, as in registry.example.com:5050',
  );

/** The tasks that run the fleet's jobs. */
const jobSchema = z
  .object({
    /** Image of jobs without `image:`. Default `debian:bookworm-slim`. */
    defaultImage: z.string().min(1).max(1024).default('debian:bookworm-slim'),
    /** Size of jobs that ask for none. Default 1 vCPU and 2 GiB. */
    size: sizeSchema.default({ cpu: 1024, memory: 2048 }),
    /** The largest size a job may ask for by variable. Default 4 vCPU and 30 GiB. */
    maxSize: sizeSchema.default({ cpu: 4096, memory: 30_720 }),
    /** Architecture of jobs that ask for none. Default `X86_64`. */
    architecture: architectureSchema.default('X86_64'),
    /** Architectures that jobs may ask for. Default both. */
    architectures: z.array(architectureSchema).min(1).default(['X86_64', 'ARM64']),
    /**
     * Where job tasks run, tried in order. Default on demand only: Spot is some 70 % cheaper, and AWS may take a job's task back.
     */
    capacity: capacitySchema.default(['FARGATE']),
    /** Jobs of one project that run at one time, in one manager. Default none: the fleet's own limits bound them. */
    maxConcurrentPerProject: z.int().min(1).max(20_000).optional(),
    /** vCPUs of one project's jobs that run at one time, in one manager. Default none: the fleet's own limits bound them. */
    maxVcpuPerProject: z.number().min(0.25).max(320_000).optional(),
    /** GiB of ephemeral storage of jobs that ask for none. Default 20, which Fargate includes. */
    ephemeralStorageGib: z.int().min(20).max(200).default(20),
    /** The most ephemeral storage a job may ask for, in GiB. Default 100. */
    maxEphemeralStorageGib: z.int().min(20).max(200).default(100),
    /** IAM role of job tasks. Default none: a job owns nothing. */
    taskRoleArn: z.string().startsWith('arn:').optional(),
    /** Seconds after which a job task is stopped whatever it does. Default 14,400. */
    maxLifetimeSeconds: z.int().min(300).max(604_800).default(14_400),
    /** Seconds that a job task's helper waits for word from its manager before it ends the task. Default 300. */
    deadManSeconds: z.int().min(30).max(3600).default(300),
    /** Seconds from RunTask until the job must take commands; image pulls count. Default 600. */
    startTimeoutSeconds: z.int().min(30).max(3600).default(600),
    /** Seconds that a job waits until its services listen (GitLab Runner's `wait_for_services_timeout`). Default 30; 0: not at all. */
    waitForServicesSeconds: z.int().min(0).max(600).default(30),
    /**
     * Whether what services write goes to CloudWatch, to the log group of jobs. Default false: the last lines of one that
     * ends come into the job log anyway, and whoever may push could make CloudWatch cost without end.
     */
    shipServiceOutput: z.boolean().default(false),
    /**
     * Secrets Manager secrets (ARNs; `{"username": …, "password": …}`) that images are pulled with, by registry and path.
     * Default none. A job's own `DOCKER_AUTH_CONFIG` comes first.
     */
    registryCredentials: z.record(z.string().min(1), z.string().startsWith('arn:')).default({}),
    /**
     * Registries and paths in them, and from where their images are pulled instead: ECR pull-through caches, as
     * `123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub` for `docker.io`, or other mirrors. Default none.
     */
    registryMirrors: z.record(z.string().min(1), mirrorSchema).default({}),
    /**
     * Whether the entry points that images bring are run, as GitLab's Docker executor does it. Default false, as its
     * Kubernetes executor does it; a job says otherwise by `FF_KUBERNETES_HONOR_ENTRYPOINT`.
     */
    honorImageEntryPoint: z.boolean().default(false),
    /**
     * Registries from which managers may read images' configurations, for entry points and what services start; by https only. GitLab's own,
     * which comes with the jobs, is one of them anyway. Default the large public ones. `docker.io` is Docker Hub.
     */
    imageConfigRegistries: z
      .array(registrySchema)
      .max(50)
      .default(['docker.io', 'ghcr.io', 'quay.io', 'public.ecr.aws', 'registry.gitlab.com']),
  })
  .prefault({});

/** The awsvpc network of the fleet's tasks. */
const networkSchema = z.object({
  subnets: z.array(z.string().startsWith('subnet-')).min(1).max(16),
  managerSecurityGroups: z.array(z.string().startsWith('sg-')).min(1).max(5),
  jobSecurityGroups: z.array(z.string().startsWith('sg-')).min(1).max(5),
  /** Default false: the subnets reach the internet through a NAT gateway. */
  assignPublicIp: z.boolean().default(false),
});

const webhookSchema = z
  .object({
    /** What proves a webhook: GitLab's secret token, its signature, or one of them. Default `either`. */
    accepts: z.enum(['token', 'signature', 'either']).default('either'),
    /** Whether the webhook's query may bring a `runner_token`. Default false. */
    allowRunnerToken: z.boolean().default(false),
  })
  .prefault({});

/**
 * What the fleet's runner takes, as it is set at GitLab: a job must have no tag that the runner has not, and a protected
 * runner takes jobs of protected refs only.
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
      'a runner without tags that takes no untagged jobs takes none: give it tags, or runUntagged: true',
  });

/** What the fleet asks GitLab's API, with the token in its parameter `api-token` (scope `read_api`). */
const gitlabApiSchema = z.object({
  /**
   * Every project (id or path) whose jobs the fleet's runner may take. With them a safety launch first asks GitLab whether a
   * job waits, and starts nothing when none does. Default none: GitLab is not asked, since it has no list of what waits for
   * a runner.
   */
  projects: z
    .array(
      z.union([z.int().positive(), z.string().regex(/^[^/\s]+(\/[^/\s]+)+$/, 'a path, as group/project')]),
    )
    .max(20)
    .default([]),
});

/**
 * A fleet's configuration: the JSON document in its SSM parameter. It holds no secret; those have parameters of
 * their own (see `parameterNames`).
 */
export const fleetConfigSchema = z.object({
  version: z.literal(1),
  name: fleetNameSchema,
  /** Base URL of the GitLab instance. Default `https://gitlab.com`. */
  gitlabUrl: z.url({ protocol: /^https?$/ }).default('https://gitlab.com'),
  /** URL that job tasks clone from, where it differs from `gitlabUrl` (GitLab Runner's `clone_url`). */
  cloneUrl: z.url({ protocol: /^https?$/ }).optional(),
  manager: managerSchema,
  job: jobSchema,
  network: networkSchema,
  /** The jobs' cache. Default none: `cache:` finds nothing, since a job's disk goes with its task. */
  cache: cacheSchema.optional(),
  webhook: webhookSchema,
  /** What the fleet's runner takes. Default: unsaid, so that the webhook's URL alone decides. Read only with `gitlabApi`. */
  runner: runnerSchema.optional(),
  /** Default: the fleet has no API token, and GitLab's API is not asked. */
  gitlabApi: gitlabApiSchema.optional(),
  /**
   * Seconds without any manager after which one is started to ask GitLab itself, in case a webhook was lost; 0: never.
   * Default 1,800 where it is free: GitLab's API is asked first (`gitlabApi.projects`), and nothing is started when no job waits. Else 0: a
   * manager each half hour is some $2.50 a month. At most 3,000: ECS lists stopped tasks for an hour, and that list is the memory.
   */
  safetyLaunchSeconds: z.int().min(0).max(3000).optional(),
});

export type FleetConfig = z.infer<typeof fleetConfigSchema>;
/** A fleet's configuration as people write it: what has a default may be left out. */
export type FleetConfigInput = z.input<typeof fleetConfigSchema>;

/** Seconds without a safety launch where GitLab is asked first whether a job waits at all. */
const FREE_SAFETY_LAUNCH_SECONDS = 1800;

/** `safetyLaunchSeconds` of a fleet with its default; 0: lost webhooks are not looked for. */
export function safetyLaunchSecondsOf({
  safetyLaunchSeconds,
  gitlabApi,
}: Pick<FleetConfig, 'safetyLaunchSeconds' | 'gitlabApi'>): number {
  const isFree = gitlabApi !== undefined && gitlabApi.projects.length > 0;
  return safetyLaunchSeconds ?? (isFree ? FREE_SAFETY_LAUNCH_SECONDS : 0);
}

/** The fleet's document is not JSON or not what the schema allows. The message names the parameter and the field. */
export class InvalidFleetConfigError extends Error {
  override readonly name = 'InvalidFleetConfigError';
}

/**
 * Reads a fleet's document as SSM returns it.
 * @param parameterName named in the error, so that one knows what to correct
 * @throws {InvalidFleetConfigError}
 */
export function parseFleetConfig(parameterName: string, document: string): FleetConfig {
  let value: unknown;
  try {
    value = JSON.parse(document);
  } catch {
    throw new InvalidFleetConfigError(`${parameterName} is not JSON: write the fleet's document anew`);
  }
  const parsed = fleetConfigSchema.safeParse(value);
  if (!parsed.success)
    throw new InvalidFleetConfigError(`${parameterName}: ${z.prettifyError(parsed.error)}`);
  const { name } = parsed.data;
  if (parameterName.endsWith('/config') && !parameterName.endsWith(`/${name}/config`))
    throw new InvalidFleetConfigError(
      `${parameterName}: its name is "${name}": write the name of the fleet whose parameter it is`,
    );
  return parsed.data;
}
