/**
 * Permissions that the services other than ECS and Parameter Store check.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
import { arnOf, asArn, nameIn } from '../arns.ts';
import type { RecordedCall } from '../recording.ts';
import {
  type Need,
  type NeedsOf,
  recordedTags,
  requestTags,
  resourceTags,
  text,
  UnevaluableCallError,
} from './need.ts';

export const EVENTS: Readonly<Record<string, NeedsOf>> = {
  PutEvents: ({ parameters, operation }) => {
    const entries = Array.isArray(parameters.Entries) ? parameters.Entries : [];
    if (entries.length === 0) throw new UnevaluableCallError(`the recording lacks Entries of ${operation}`);
    const entriesOfCall = entries.map((entry: unknown): EventEntry => Object(entry));
    const buses = Map.groupBy(entriesOfCall, ({ EventBusName = 'default' }) => EventBusName);
    return [...buses].map(([bus, busEntries]) => ({
      action: 'events:PutEvents',
      resource: asArn(bus, 'events', 'event-bus/'),
      // Both keys are multi-valued: the values of all entries.
      context: {
        'events:source': unique(busEntries.map(({ Source = '' }) => Source)),
        'events:detail-type': unique(busEntries.map(({ DetailType = '' }) => DetailType)),
      },
    }));
  },
};

/** The recorded fields of an entry. */
interface EventEntry {
  EventBusName?: string;
  Source?: string;
  DetailType?: string;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

/** Objects in URLs that a manager signs. Sessions of a role are evaluated as the role. */
export const S3: Readonly<Record<string, NeedsOf>> = {
  GetObject: (call) => [{ action: 's3:GetObject', resource: arnOf('s3', objectOf(call)), context: {} }],
  HeadObject: (call) => [{ action: 's3:GetObject', resource: arnOf('s3', objectOf(call)), context: {} }],
  PutObject: (call) => [{ action: 's3:PutObject', resource: arnOf('s3', objectOf(call)), context: {} }],
};

function objectOf(call: RecordedCall): string {
  return `${text(call, 'Bucket')}/${text(call, 'Key')}`;
}

export const STS: Readonly<Record<string, NeedsOf>> = {
  AssumeRole: (call) => [{ action: 'sts:AssumeRole', resource: text(call, 'RoleArn'), context: {} }],
};

export const SQS: Readonly<Record<string, NeedsOf>> = {
  ChangeMessageVisibility: onQueue('sqs:ChangeMessageVisibility'),
  ChangeMessageVisibilityBatch: onQueue('sqs:ChangeMessageVisibility'),
  SendMessage: onQueue('sqs:SendMessage'),
  SendMessageBatch: onQueue('sqs:SendMessage'),
};

export const LOGS: Readonly<Record<string, NeedsOf>> = {
  GetLogEvents: (call) => [
    {
      action: 'logs:GetLogEvents',
      resource: arnOf(
        'logs',
        `log-group:${text(call, 'logGroupName')}:log-stream:${text(call, 'logStreamName')}`,
      ),
      context: {},
    },
  ],
};

export const SECRETS_MANAGER: Readonly<Record<string, NeedsOf>> = {
  CreateSecret: (call) => {
    const resource = secretArn(text(call, 'Name'));
    const tags = requestTags(recordedTags(call));
    const context = { ...tags, 'secretsmanager:Name': text(call, 'Name') };
    return [
      { action: 'secretsmanager:CreateSecret', resource, context },
      ...(Object.keys(tags).length > 0
        ? [{ action: 'secretsmanager:TagResource', resource, context: tags }]
        : []),
    ];
  },
  DeleteSecret: (call) => {
    const resource = secretArn(text(call, 'SecretId'));
    return [{ action: 'secretsmanager:DeleteSecret', resource, context: tagsOfSecret(call) }];
  },
  ListSecrets: () => [{ action: 'secretsmanager:ListSecrets', resource: '*', context: {} }],
};

/** Tags of an existing secret, if a test sets them. */
function tagsOfSecret({ parameters }: RecordedCall): Need['context'] {
  return resourceTags(Array.isArray(parameters.resourceTags) ? parameters.resourceTags.map(String) : []);
}

function onQueue(action: string): NeedsOf {
  return (call: RecordedCall): Need[] => [
    { action, resource: arnOf('sqs', nameIn(text(call, 'QueueUrl'))), context: {} },
  ];
}

/** Secrets Manager appends a hyphen and six characters to a name. */
function secretArn(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn : arnOf('secretsmanager', `secret:${nameOrArn}-AbCdEf`);
}
