/**
 * What the simulation takes for given about AWS and GitLab, each with its source. "Assumed" means that no source was found:
 * the sensitivity tables vary those, and `docs/simulation.md` lists them.
 */
import type { JobTrace } from './trace/trace.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** How long Fargate takes to start a task. */
export interface StartModel {
  label: string;
  /** Seconds from RunTask to the begin of the pull. Not billed. */
  provisioningSeconds: number;
  /** Compressed megabytes that are pulled and unpacked in a second. Billed. */
  megabytesPerSecond: number;
  /** Compressed megabytes of the helper's image, pulled by every job task besides the job's own image. */
  helperMb: number;
  /** Compressed megabytes of the manager's image. */
  managerMb: number;
}

/**
 * Ten measured starts of one image of 413 MB, in seconds from a task's creation to its start: mean 56.9 s. Whether the 413 MB are
 * compressed is not said there; they are taken to be.
 * @see https://elasticscale.com/blog/reduce-aws-fargate-pull-times-with-soci
 */
export const MEASURED_STARTS = [61, 59, 53, 59, 62, 55, 55, 56, 56, 53] as const;
const MEASURED_MB = 413;
const MEASURED_MEAN = MEASURED_STARTS.reduce((total, seconds) => total + seconds, 0) / MEASURED_STARTS.length;

/**
 * The part of a start that does not depend on the image. Assumed: a published measurement with padded busybox images puts the
 * network interface at about 10 s and says that pulling is most of the rest, without figures in text.
 * @see https://qiita.com/kjm/items/a86c5a425c57439ecfa0
 */
const PROVISIONING_SECONDS = 15;

/** Today's images, gzip -6, with the runner of 17.9.3: 258 and 332 MB. Small ones are planned with at most 0.45 and 0.5 of that. */
const TODAYS_IMAGES = { helperMb: 258, managerMb: 332 };
const SMALL_IMAGES = { helperMb: 258 * 0.45, managerMb: 332 * 0.5 };

/** The rate at which the measured image takes the measured time, so that only one of the two is assumed. */
function calibrated(label: string, provisioningSeconds: number, images = TODAYS_IMAGES): StartModel {
  const megabytesPerSecond = MEASURED_MB / (MEASURED_MEAN - provisioningSeconds);
  return { label, provisioningSeconds, megabytesPerSecond, ...images };
}

export const TODAYS_STARTS = calibrated("today's images", PROVISIONING_SECONDS);
export const SMALL_STARTS = calibrated(
  'small images of helper and manager',
  PROVISIONING_SECONDS,
  SMALL_IMAGES,
);

/** Other start models that fit the source, or differ from it on purpose. */
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

/** Seconds until a start's pull begins: provisioning, with the spread of the measured starts. `luck` is 0 to 1. */
export function provisioningSeconds(model: StartModel, luck: number): number {
  const measured = MEASURED_STARTS[Math.floor(luck * MEASURED_STARTS.length)] ?? MEASURED_MEAN;
  return Math.max(1, model.provisioningSeconds + measured - MEASURED_MEAN);
}

/** Seconds that a job task pulls. */
export function pullSeconds(model: StartModel, { imageMb }: Pick<JobTrace, 'imageMb'>): number {
  return (model.helperMb + imageMb) / model.megabytesPerSecond;
}

/** Seconds that a manager pulls. */
export function managerPullSeconds({ managerMb, megabytesPerSecond }: StartModel): number {
  return managerMb / megabytesPerSecond;
}

/** Seconds from a manager's container to its first request for a job. Assumed. */
export const MANAGER_BOOT_SECONDS = 5;
/** The manager's size (`managerCpu`, `managerMemoryMiB` of packages/infra). */
export const MANAGER_SIZE = { cpu: 256, memory: 1024 };
/** Seconds from a job's queueing to the launcher's plan: webhook, bus, queue with its batch window. Assumed. */
export const LAUNCHER_SECONDS = 2;
/** The launcher looks at a waiting job again at the latest after (docs/architecture.md). */
export const LAUNCHER_AGAIN_SECONDS = 30;
/** GitLab Runner's `check_interval`: a waiting job is taken at a moment evenly spread over it. */
export const POLL_SECONDS = 3;
/** Seconds that a manager needs to bind a claimed task to its job: a tag, a digest, a connection. Assumed. */
export const CLAIM_SECONDS = 1;
/** Seconds from a stage's last job's end until the next stage's jobs are queued, and until a retry is. Assumed. */
export const GITLAB_SECONDS = 1;
/** Seconds from the drain of an idle manager to the end of its task: 65 at the most (docs/architecture.md). */
export const LEAVE_SECONDS = 45;
/** Seconds between the reaper's sweeps. */
export const SWEEP_SECONDS = 60;
/** Seconds from the end of a task's work until Fargate's bill ends. Assumed. */
export const TASK_END_SECONDS = 3;

/**
 * ECS Managed Instances. The price of c6a.2xlarge (8 vCPU, 16 GiB) on demand in us-east-1 is remembered, not read from a price
 * page: 0.306 USD an hour. AWS's own example has a management fee of 0.037 for it, which is 12 %. Both are linear in the size.
 * @see https://aws.amazon.com/ecs/pricing/ (fee: a public copy of 2026-09-20)
 * @see https://aws.amazon.com/ec2/pricing/on-demand/ (not verified)
 */
export const INSTANCE_VCPU_HOUR_USD = (0.306 + 0.037) / 8;
export const INSTANCE_GIB_PER_VCPU = 2;
/** Part of an instance's memory that tasks can have; the rest is the system's and the agent's. Assumed. */
export const INSTANCE_USABLE_MEMORY = 0.94;
/** gp3 at 0.08 USD a GB-month, 80 GB an instance: assumed. */
export const INSTANCE_DISK_HOUR_USD = (0.08 * 80) / 730;
/**
 * From no instance to the first task's first line: about 40 s in one published run with nginx. Its image's pull is in it; the
 * model pulls the job's images on top.
 * @see https://blog.neilkuan.click/blog/2026-01-17-ecs-managed-instance
 */
export const INSTANCE_START_SECONDS = 35;
/** A task on an instance that runs: network interface ("several seconds") and containers. Assumed from that sentence. @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-recommendations.html */
export const INSTANCE_TASK_SECONDS = 5;

/**
 * CodeBuild, general1.small (2 vCPU) and general1.medium (4 vCPU) on Linux in us-east-1, USD a minute. Billed from the build's
 * start to its end; that minutes are rounded up is remembered, not verified.
 * @see https://aws.amazon.com/codebuild/pricing/ (read in a public copy: https://c3x.dev/resources/aws/aws_codebuild_project/)
 */
export const CODEBUILD_MINUTE_USD = { small: 0.005, medium: 0.01 };
/** 17 to 19 s with an image of alpine or a cached one; others report 90 and 180 s. @see https://github.com/aws/aws-cdk/issues/14158 */
export const CODEBUILD_PROVISIONING_SECONDS = 18;
