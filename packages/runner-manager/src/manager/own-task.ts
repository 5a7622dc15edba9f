import * as z from 'zod';
import { sendRequest } from './send-request.ts';

/** @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html */
const taskMetadataSchema = z.object({ TaskARN: z.string().startsWith('arn:') });

/** ARN of the task that this process runs in. @throws when ECS's metadata endpoint does not answer as documented */
export async function readOwnTaskArn(metadataUri: string): Promise<string> {
  const { status, body } = await sendRequest(`${metadataUri}/task`);
  if (status !== 200) throw new Error(`${metadataUri}/task answered ${status}`);
  return taskMetadataSchema.parse(JSON.parse(body)).TaskARN;
}
