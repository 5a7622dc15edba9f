import * as z from 'zod';

/** `source` of every event that this project publishes. */
export const EVENT_SOURCE = 'serverless-gitlab-runner';

/** Version of every `detail`. Fields are only ever added to a version, never renamed, retyped or removed. */
export const EVENT_VERSION = 1;

/** A name that fits an SSM path, a tag value and a log field: 1 to 32 lower-case letters, digits and hyphens. */
export const fleetNameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,31}$/,
    'a fleet name has 1 to 32 characters of a-z, 0-9 and -, and starts with a letter',
  );

export const isoTimeSchema = z.iso.datetime({ offset: true });

/** Full ARN of an ECS task, as DescribeTasks returns it. */
export const taskArnSchema = z
  .string()
  .regex(/^arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:task\//, 'must be an ECS task ARN');

/** Fields of every `detail`. */
export const detailBase = {
  /** Version of the detail; fields are only added to it. */
  version: z.literal(EVENT_VERSION),
  /** Name of the fleet. */
  fleet: fleetNameSchema,
  /** When the reported event happened, not when it was sent. */
  occurredAt: isoTimeSchema,
};

/** The GitLab job an event is about. `instance` and `jobId` together are unique. */
export const gitlabJobFields = {
  /** Base URL of the GitLab instance, `https://gitlab.com` for example. */
  instance: z.url({ protocol: /^https?$/ }).max(2048),
  /** Id of the project in GitLab. */
  projectId: z.int().positive(),
  /** `group/project`; missing from older GitLab versions. */
  projectPath: z.string().max(1024).optional(),
  /** Id of the pipeline in GitLab. */
  pipelineId: z.int().positive(),
  /** Id of the job in GitLab: the number in its page's URL. */
  jobId: z.int().positive(),
  /** Name of the job in `.gitlab-ci.yml`. */
  jobName: z.string().max(255),
};
