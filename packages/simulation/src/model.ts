/**
 * Assumptions about AWS and GitLab with their sources. "Assumed" means that no source was found: the sensitivity tables vary
 * those, and `docs/simulation.md` lists them.
 */
import { mean, quantile } from './numbers.ts';
import type { JobTrace, Trace } from './trace.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** How long Fargate takes to start a task. */
export interface StartModel {
  label: string;
  /** Seconds from RunTask to the start of the pull. Not billed. */
  provisioningSeconds: number;
  /** Compressed megabytes pulled and unpacked per second. The pull is billed. */
  megabytesPerSecond: number;
  /** Compressed megabytes of the helper's image, pulled by every job task besides the job's own image. */
  helperMb: number;
  /** Compressed megabytes of the manager's image. */
  managerMb: number;
  /** Measured starts of job tasks by shape, used instead of sizes and rate. Default: none. */
  measured?: ReadonlyMap<string, MeasuredStarts>;
}

/** Measured seconds from RunTask until a task could run a script. */
export interface MeasuredStarts {
  /** Ascending, at least one. */
  sorted: readonly number[];
  mean: number;
}

/**
 * Ten measured starts of one image of 413 MB, in seconds from a task's creation to its start; the mean is 56.9 s. The source
 * does not say whether the 413 MB are compressed; assumed to be.
 * @see https://elasticscale.com/blog/reduce-aws-fargate-pull-times-with-soci
 */
export const MEASURED_STARTS = [61, 59, 53, 59, 62, 55, 55, 56, 56, 53] as const;
const MEASURED_MB = 413;
const MEASURED_MEAN = MEASURED_STARTS.reduce((total, seconds) => total + seconds, 0) / MEASURED_STARTS.length;

/**
 * The part of a start that does not depend on the image. Assumed: a published measurement with padded busybox images puts the
 * network interface at about 10 s and attributes most of the rest to the pull, without figures in the text.
 * @see https://qiita.com/kjm/items/a86c5a425c57439ecfa0
 */
const PROVISIONING_SECONDS = 15;

/** Today's images, gzip -6, with GitLab Runner 17.9.3: 258 and 332 MB. Planned small images: at most 0.45 and 0.5 of that. */
const TODAYS_IMAGES = { helperMb: 258, managerMb: 332 };
const SMALL_IMAGES = { helperMb: 258 * 0.45, managerMb: 332 * 0.5 };

/** Derives the pull rate from the measured start, so that only the provisioning time is assumed. */
function calibrated(label: string, provisioningSeconds: number, images = TODAYS_IMAGES): StartModel {
  const megabytesPerSecond = MEASURED_MB / (MEASURED_MEAN - provisioningSeconds);
  return { label, provisioningSeconds, megabytesPerSecond, ...images };
}

export const TODAYS_STARTS = calibrated("today's images", PROVISIONING_SECONDS);
export const SMALL_STARTS = calibrated('small helper and manager images', PROVISIONING_SECONDS, SMALL_IMAGES);

/** Alternative start models: some fit the source, some differ from it on purpose. */
export const OTHER_STARTS: readonly StartModel[] = [
  calibrated('provisioning 10 s, same source', 10),
  calibrated('provisioning 25 s, same source', 25),
  { ...TODAYS_STARTS, label: 'half the rate', megabytesPerSecond: TODAYS_STARTS.megabytesPerSecond / 2 },
  // AWS measured starts up to 27 % faster with zstd: https://aws.amazon.com/blogs/containers/reducing-aws-fargate-startup-times-with-zstd-compressed-container-images/
  {
    ...TODAYS_STARTS,
    label: 'rate × 1.5 (zstd)',
    megabytesPerSecond: TODAYS_STARTS.megabytesPerSecond * 1.5,
  },
  { ...TODAYS_STARTS, label: 'rate × 3 (SOCI)', megabytesPerSecond: TODAYS_STARTS.megabytesPerSecond * 3 },
  SMALL_STARTS,
];

/**
 * Seconds until a start's pull begins: provisioning, with the spread of the measured starts.
 * @param sample uniform random number, 0 to 1
 */
export function provisioningSeconds(model: StartModel, sample: number): number {
  const measured = MEASURED_STARTS[Math.floor(sample * MEASURED_STARTS.length)] ?? MEASURED_MEAN;
  return Math.max(1, model.provisioningSeconds + measured - MEASURED_MEAN);
}

/** Seconds that a job task pulls its images. */
export function pullSeconds(model: StartModel, { imageMb }: Pick<JobTrace, 'imageMb'>): number {
  return (model.helperMb + imageMb) / model.megabytesPerSecond;
}

type TaskImages = Pick<JobTrace, 'imageMb' | 'shape'>;

/**
 * The start of a job task.
 * @param sample uniform random number, 0 to 1
 * @returns seconds from RunTask until it can run a script, and the last seconds of these, which are billed
 */
export function drawStart(
  model: StartModel,
  job: TaskImages,
  sample: number,
): { startSeconds: number; billedSeconds: number } {
  const measured = model.measured?.get(job.shape);
  if (measured !== undefined) {
    const startSeconds = quantile(measured.sorted, sample);
    return { startSeconds, billedSeconds: Math.max(0, startSeconds - model.provisioningSeconds) };
  }
  const pull = pullSeconds(model, job);
  return { startSeconds: provisioningSeconds(model, sample) + pull, billedSeconds: pull };
}

/** The mean start time of a job's task in seconds. */
export function expectedStartSeconds(model: StartModel, job: TaskImages): number {
  return model.measured?.get(job.shape)?.mean ?? model.provisioningSeconds + pullSeconds(model, job);
}

/** "One start": the mean start time of a trace's job tasks in seconds. */
export function meanStartSeconds({ pipelines }: Pick<Trace, 'pipelines'>, model: StartModel): number {
  const jobs = pipelines.flatMap(({ stages }) => stages.flat());
  return mean(jobs.map((job) => expectedStartSeconds(model, job)));
}

/** Seconds that a manager pulls its image. */
export function managerPullSeconds({ managerMb, megabytesPerSecond }: StartModel): number {
  return managerMb / megabytesPerSecond;
}

/** Seconds from the start of a manager's container to its first request for a job. Assumed. */
export const MANAGER_BOOT_SECONDS = 5;
/** Seconds from queueing a job to the launcher's plan: webhook, bus, queue with its batch window. Assumed. */
export const LAUNCHER_SECONDS = 2;
/** Maximum seconds until the launcher plans again for a waiting job (docs/architecture.md). */
export const LAUNCHER_RECHECK_SECONDS = 30;
/** GitLab Runner's `check_interval` in seconds. The time until a waiting job is taken is uniform over it. */
export const POLL_SECONDS = 3;
/** Seconds to bind a claimed task to its job: a tag, a digest, a connection. Assumed. */
export const CLAIM_SECONDS = 1;
/** Seconds from the end of a stage until the next stage's jobs are queued; also until a retry is queued. Assumed. */
export const GITLAB_SECONDS = 1;
/** Seconds from the drain of an idle manager to the end of its task; at most 65 (docs/architecture.md). */
export const DRAIN_SECONDS = 45;
/** Seconds between the reaper's sweeps. */
export const SWEEP_SECONDS = 60;
/** Seconds from the end of a task's work until Fargate stops billing it. Assumed. */
export const TASK_END_SECONDS = 3;

/**
 * ECS Managed Instances. The price of c6a.2xlarge (8 vCPU, 16 GiB) on demand in us-east-1, 0.306 USD an hour, is from memory,
 * not from a price page. AWS's example has a management fee of 0.037 for it, which is 12 %. Both are linear in the size.
 * @see https://aws.amazon.com/ecs/pricing/ (fee: a public copy of 2026-09-20)
 * @see https://aws.amazon.com/ec2/pricing/on-demand/ (not verified)
 */
export const INSTANCE_VCPU_HOUR_USD = (0.306 + 0.037) / 8;
export const INSTANCE_GIB_PER_VCPU = 2;
/** Fraction of an instance's memory available to tasks; the system and the agent use the rest. Assumed. */
export const INSTANCE_USABLE_MEMORY = 0.94;
/** gp3 at 0.08 USD per GB-month, 80 GB per instance. Assumed. */
export const INSTANCE_DISK_HOUR_USD = (0.08 * 80) / 730;
/**
 * Seconds to start an instance. One published run took about 40 s from no instance to the first output of an nginx task,
 * including the pull; the model adds the pull of the job's images.
 * @see https://blog.neilkuan.click/blog/2026-01-17-ecs-managed-instance
 */
export const INSTANCE_START_SECONDS = 35;
/**
 * Seconds to start a task on a running instance: network interface ("several seconds", hence assumed) and containers.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-recommendations.html
 */
export const INSTANCE_TASK_SECONDS = 5;

/**
 * CodeBuild, general1.small (2 vCPU) and general1.medium (4 vCPU) on Linux in us-east-1, USD per minute. Billed from the
 * build's start to its end; rounding up to minutes is from memory, not verified.
 * @see https://aws.amazon.com/codebuild/pricing/ (read in a public copy: https://c3x.dev/resources/aws/aws_codebuild_project/)
 */
export const CODEBUILD_MINUTE_USD = { small: 0.005, medium: 0.01 };
/** 17 to 19 s with an alpine or a cached image; others report 90 and 180 s. @see https://github.com/aws/aws-cdk/issues/14158 */
export const CODEBUILD_PROVISIONING_SECONDS = 18;
