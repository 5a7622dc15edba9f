import {
  type CloudFormationClient,
  GetTemplateCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  describeStack,
  explainFailure,
  firstFailure,
  settledStack,
} from '@serverless-gitlab-runner/aws/stacks';
import * as z from 'zod';
import { OperationError } from '../operation-error.ts';
import { parseJson } from '../parse-json.ts';

const templateSchema = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      DeletionPolicy: z.string().optional(),
      Metadata: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});

/** A longer template must be in a bucket. @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const MAX_BODY_BYTES = 51_200;

/** The template of a stack that keeps its log groups when it is deleted; undefined if it would anyway, or has none. */
export function keepingLogGroups(template: string): string | undefined {
  const parsed = templateSchema.safeParse(parseJson(template)).data;
  if (parsed === undefined) return undefined;
  let isChanged = false;
  for (const resource of Object.values(parsed.Resources)) {
    if (resource.Type !== 'AWS::Logs::LogGroup' || resource.DeletionPolicy === 'Retain') continue;
    resource.DeletionPolicy = 'Retain';
    // CloudFormation refuses an update that changes nothing but a policy.
    resource.Metadata = { ...resource.Metadata, 'serverless-gitlab-runner:kept': true };
    isChanged = true;
  }
  return isChanged ? JSON.stringify(parsed) : undefined;
}

export interface KeepOptions {
  cloudFormation: CloudFormationClient;
  s3: S3Client;
  /** CDK's bucket, for a template that is too long for a call. */
  bucket: string | undefined;
  log(line: string): void;
  /** Milliseconds between two polls. */
  pollMs?: number;
}

/** Changes a stack so that its log groups stay when it is deleted. @throws {OperationError} if the stack refuses it */
export async function keepLogGroups(stack: string, options: KeepOptions): Promise<void> {
  const { cloudFormation, log, pollMs } = options;
  const { TemplateBody = '' } = await cloudFormation.send(new GetTemplateCommand({ StackName: stack }));
  const template = keepingLogGroups(TemplateBody);
  if (template === undefined) return;
  log(`${stack}: its log groups will stay`);
  const { Parameters = [] } = (await describeStack(cloudFormation, stack)) ?? {};
  await withTemplate(template, stack, options, (given) =>
    cloudFormation.send(
      new UpdateStackCommand({
        ...given,
        StackName: stack,
        Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
        Parameters: Parameters.map(({ ParameterKey }) => ({ ParameterKey, UsePreviousValue: true })),
      }),
    ),
  );
  const changed = await settledStack(cloudFormation, stack, () => undefined, pollMs);
  if (changed?.StackStatus === 'UPDATE_COMPLETE') return;
  const failure = await firstFailure(cloudFormation, stack);
  throw new OperationError(
    failure === undefined
      ? `${stack} could not be told to keep its log groups: ${changed?.StackStatus}`
      : explainFailure(failure),
  );
}

async function withTemplate(
  template: string,
  stack: string,
  { s3, bucket }: Pick<KeepOptions, 's3' | 'bucket'>,
  update: (given: { TemplateBody: string } | { TemplateURL: string }) => Promise<unknown>,
): Promise<void> {
  if (Buffer.byteLength(template) <= MAX_BODY_BYTES) return void (await update({ TemplateBody: template }));
  if (bucket === undefined)
    throw new OperationError(
      `The template of ${stack} is too long for a call, and CDK's bucket is not known: remove it without --keep-logs.`,
    );
  const object = { Bucket: bucket, Key: `${stack}-keep-logs.json` };
  await s3.send(new PutObjectCommand({ ...object, Body: template, ContentType: 'application/json' }));
  try {
    // CloudFormation reads it before it answers.
    await update({ TemplateURL: `${await urlOf(s3, bucket)}/${object.Key}` });
  } finally {
    await s3.send(new DeleteObjectCommand(object));
  }
}

/** The URL of a bucket in this region, whose partition the SDK knows. */
async function urlOf({ config }: S3Client, Bucket: string): Promise<string> {
  const { url } = config.endpointProvider({ Bucket, Region: await config.region() });
  return url.href.replace(/\/$/, '');
}
