import { parameterPrefixSchema } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';

const environmentSchema = z.object({
  /** ARN of the ECS cluster. */
  CLUSTER: z.string().min(1),
  /** Name or ARN of the event bus. */
  EVENT_BUS_NAME: z.string().min(1),
  /** First part of every SSM parameter's name. Default `/serverless-gitlab-runner`. */
  PARAMETER_PREFIX: parameterPrefixSchema,
});

export type Environment = z.infer<typeof environmentSchema>;

/** Reads the Lambda's environment; the error names every variable that is missing or wrong. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  return environmentSchema.parse(variables);
}
