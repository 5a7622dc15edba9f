import { parameterPrefixSchema } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';

const environmentSchema = z.object({
  /** ARN of the ECS cluster. */
  CLUSTER: z.string().min(1),
  /** Name or ARN of the event bus. */
  EVENT_BUS_NAME: z.string().min(1),
  /** The queue that the messages come from. */
  QUEUE_URL: z.url(),
  /** Receives messages that can never succeed. */
  DEAD_LETTER_QUEUE_URL: z.url(),
  /** The queue's `maxReceiveCount`. Default 1000. */
  MAX_RECEIVES: z.coerce.number().int().min(1).max(1000).default(1000),
  /** Maximum number of concurrent launchers; they share the account's ECS request rates. Default 2. */
  MAX_LAUNCHERS: z.coerce.number().int().min(1).default(2),
  /** First part of every SSM parameter's name. Default `/serverless-gitlab-runner`. */
  PARAMETER_PREFIX: parameterPrefixSchema,
});

export type Environment = z.infer<typeof environmentSchema>;

/** Reads the Lambda's environment; the error names every variable that is missing or wrong. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  return environmentSchema.parse(variables);
}
