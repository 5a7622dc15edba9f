/**
 * Prices of us-east-1 in USD, as listed by AWS in November 2026; Fargate's are in `packages/fleet`. Other regions differ by some
 * 10 to 40 percent.
 */
export const PRICES = {
  /** A GiB of ephemeral storage beyond the first 20, for an hour. @see https://aws.amazon.com/fargate/pricing/ */
  ephemeralGibHour: 0.000111,
  /** A GB ingested by CloudWatch Logs. @see https://aws.amazon.com/cloudwatch/pricing/ */
  loggedGb: 0.5,
  /** A GB of stored logs, after compression, for a month. */
  storedLogGbMonth: 0.03,
  /** A custom metric, for a month; billed by the hour, in hours with a value. */
  metricMonth: 0.3,
  /** An alarm of standard resolution on one metric, for a month. */
  alarmMonth: 0.1,
  /** A dashboard, for a month. */
  dashboardMonth: 3,
  /** An advanced parameter, for a month. @see https://aws.amazon.com/systems-manager/pricing/ */
  advancedParameterMonth: 0.05,
  /** A GB in ECR, for a month. @see https://aws.amazon.com/ecr/pricing/ */
  ecrGbMonth: 0.1,
  /** A million invocations by EventBridge Scheduler. @see https://aws.amazon.com/eventbridge/pricing/ */
  millionScheduled: 1,
  /** A GB in S3 Standard, for a month. @see https://aws.amazon.com/s3/pricing/ */
  s3GbMonth: 0.023,
  /** A thousand PUT requests of S3. */
  s3ThousandPuts: 0.005,
  /**
   * A secret in Secrets Manager, for a month; billed by the started hour.
   * @see https://aws.amazon.com/secrets-manager/pricing/
   */
  secretMonth: 0.4,
  /** Ten thousand calls to Secrets Manager. */
  secretTenThousandCalls: 0.05,
  /** A million custom events. @see https://aws.amazon.com/eventbridge/pricing/ */
  millionEvents: 1,
  /** A million requests of SQS standard queues. @see https://aws.amazon.com/sqs/pricing/ */
  millionSqsRequests: 0.4,
  /** A million requests of Lambda, and a GB-second on ARM. @see https://aws.amazon.com/lambda/pricing/ */
  millionLambdaRequests: 0.2,
  lambdaGbSecond: 0.0000133334,
  /** A GB from AWS to the internet, by the GB already sent in the month. @see https://aws.amazon.com/ec2/pricing/on-demand/ */
  transferOutGb: [
    { beyondGb: 0, usd: 0.09 },
    { beyondGb: 10_240, usd: 0.085 },
    { beyondGb: 51_200, usd: 0.07 },
    { beyondGb: 153_600, usd: 0.05 },
  ],
  /** A GB through a NAT gateway, in a network that has one. @see https://aws.amazon.com/vpc/pricing/ */
  natGb: 0.045,
} as const;

/**
 * What every account gets for free each month, without an end, from the same pages in November 2026. It is shared by everything
 * in the account. Free tiers of an account's first year are not counted.
 */
export const FREE = {
  lambdaRequests: 1_000_000,
  lambdaGbSeconds: 400_000,
  sqsRequests: 1_000_000,
  scheduled: 14_000_000,
  alarms: 10,
  metrics: 10,
  dashboards: 3,
  /** GB ingested, stored, and read by queries. */
  loggedGb: 5,
} as const;

/** Values that AWS and GitLab do not publish, or only for some plans. */
export const ASSUMED = {
  /** Gbit/s that a job task sends, all day. AWS publishes no figure for Fargate; large tasks temporarily reach more. */
  gbitPerTask: 5,
  /** Seconds from the start of one job to the start of the next in its place: Fargate starts no task sooner. */
  shortestJobSeconds: 30,
  /** KiB that one job adds to the logs of manager, helper and Lambdas; its own output does not go there. */
  loggedKibPerJob: 16,
  /** Webhooks a minute that GitLab.com delivers for a namespace on its free plan. A self-managed GitLab may have no limit. */
  webhooksPerMinute: 500,
  /** Seconds of Lambda per webhook, receiver and launcher together. */
  lambdaSecondsPerWebhook: 0.2,
  /** KiB that one webhook adds to the Lambdas' logs. */
  loggedKibPerWebhook: 2,
  /** Seconds of one sweep of the reaper in an empty cluster: some five calls to AWS. */
  sweepSeconds: 0.5,
  /** KiB that one sweep logs, with Lambda's own lines. */
  loggedKibPerSweep: 1,
  /** Long polls of SQS by an event source without messages: Lambda starts with five pollers, and a poll lasts 20 s. */
  pollsPerMinute: 15,
  /** GB of the images of managers and helper in ECR, compressed: 213 and 242 MB, built from this repository in November 2026. */
  imagesGb: 0.46,
  /** GB of Lambdas' bundles and templates in CDK's bucket. */
  bundlesGb: 0.002,
  /** Kinds of metrics that have a value in an hour with jobs: by fleet, of launches, of running tasks, and of three ends. */
  metricsOfBusyHour: 7,
  /** Minutes from a manager's start until it takes a job. */
  managerStartMinutes: 1,
} as const;

/** Limits of GitLab, ECS and S3. */
export const LIMITS = {
  /** Caches that a job may name. @see https://docs.gitlab.com/ci/caching/ */
  cachesPerJob: 4,
  /** Containers of a Fargate task except the helper; each may have an image that needs a login. */
  imagesPerJob: 9,
  /** GB of one PUT to S3: the maximum behind a cache URL, whatever the helper's own limit is. */
  gbPerPut: 5,
} as const;
