import * as z from 'zod';

/** @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html */
const taskMetadataSchema = z.object({ TaskARN: z.string().startsWith('arn:') });

/** ARN of the task that this process runs in. @throws when ECS's metadata endpoint does not answer as documented */
export async function readOwnTaskArn(metadataUri: string): Promise<string> {
  const response = await fetch(`${metadataUri}/task`);
  if (!response.ok) throw new Error(`${metadataUri}/task answered ${response.status}`);
  return taskMetadataSchema.parse(await response.json()).TaskARN;
}
