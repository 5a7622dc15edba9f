/**
 * Prices in USD of us-east-1, as AWS listed them in November 2026; Fargate's are in `packages/fleet`. Other regions differ by some ten
 * to forty percent.
 */
export const PRICES = {
  /** A GiB of ephemeral storage above the first 20, for an hour. @see https://aws.amazon.com/fargate/pricing/ */
  ephemeralGibHour: 0.000111,
  /** A GB taken in by CloudWatch Logs. @see https://aws.amazon.com/cloudwatch/pricing/ */
  loggedGb: 0.5,
  /** A GB in S3 Standard, for a month. @see https://aws.amazon.com/s3/pricing/ */
  s3GbMonth: 0.023,
  /** A thousand PUT requests of S3. */
  s3ThousandPuts: 0.005,
  /** A secret of Secrets Manager, for a month; part of an hour counts as one. @see https://aws.amazon.com/secrets-manager/pricing/ */
  secretMonth: 0.4,
  /** Ten thousand calls of Secrets Manager. */
  secretTenThousandCalls: 0.05,
  /** A million custom events. @see https://aws.amazon.com/eventbridge/pricing/ */
  millionEvents: 1,
  /** A million requests of SQS standard queues. @see https://aws.amazon.com/sqs/pricing/ */
  millionSqsRequests: 0.4,
  /** A million requests of Lambda, and a GB-second on ARM. @see https://aws.amazon.com/lambda/pricing/ */
  millionLambdaRequests: 0.2,
  lambdaGbSecond: 0.0000133334,
  /** A GB from AWS to the internet, by how many GB of the month it is beyond. @see https://aws.amazon.com/ec2/pricing/on-demand/ */
  transferOutGb: [
    { beyondGb: 0, usd: 0.09 },
    { beyondGb: 10_240, usd: 0.085 },
    { beyondGb: 51_200, usd: 0.07 },
    { beyondGb: 153_600, usd: 0.05 },
  ],
  /** A GB through a NAT gateway, in a network that has one. @see https://aws.amazon.com/vpc/pricing/ */
  natGb: 0.045,
} as const;

/** What AWS and GitLab do not say, or only some plans do. */
export const ASSUMED = {
  /** Gbit/s that a job task sends, all day. AWS publishes no figure for Fargate; large tasks reach more for a while. */
  gbitPerTask: 5,
  /** Seconds of the shortest job, from one to the next in the same place: Fargate starts no task sooner. */
  shortestJobSeconds: 30,
  /** KiB that one job adds to the logs of manager, helper and Lambdas: what it prints does not go there. */
  loggedKibPerJob: 16,
  /** Webhooks a minute: what GitLab.com delivers for a namespace of its free plan. A GitLab of one's own may have no limit. */
  webhooksPerMinute: 500,
  /** Seconds of Lambda for a webhook, of receiver and launcher together. */
  lambdaSecondsPerWebhook: 0.2,
  /** KiB that one webhook adds to the Lambdas' logs. */
  loggedKibPerWebhook: 2,
} as const;

/** Of GitLab's and ECS's. */
export const LIMITS = {
  /** Caches that a job may name. @see https://docs.gitlab.com/ci/caching/ */
  cachesPerJob: 4,
  /** Containers of a Fargate task but the helper, each of which may have an image with a login. */
  imagesPerJob: 9,
  /** GB of one PUT to S3: what a URL of the cache takes, whatever the helper's own limit is. */
  gbPerPut: 5,
} as const;
