/** Actions that the recorded faults do not use, and why they are granted nevertheless. */

export interface UnusedReason {
  role: string;
  /** `Sid` of the statement. Default: every statement of the role that grants the action. */
  statement?: string;
  actions: readonly string[];
  reason: string;
}

const WRITE_LOG = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const OWN_LOG = "used by Lambda to write the function's log";
const FARGATE = 'used by Fargate itself, not by the containers';
const CACHE = 'only for jobs with a cache';
const PRIVATE_IMAGE = 'only for jobs with a private image';

export const UNUSED_REASONS: readonly UnusedReason[] = [
  { role: 'webhook-receiver', actions: WRITE_LOG, reason: OWN_LOG },
  {
    role: 'webhook-receiver',
    actions: ['ssm:PutParameter', 'ssm:GetParameter'],
    reason: 'only for fleets that accept a runner token from the webhook, which the faults do not use',
  },
  { role: 'runner-launcher', actions: WRITE_LOG, reason: OWN_LOG },
  {
    role: 'runner-launcher',
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    reason: "used by Lambda's event source mapping to poll the queue",
  },
  {
    role: 'runner-launcher',
    actions: ['sqs:GetQueueUrl'],
    reason: "part of CDK's grant to an event source; the mapping does not need it",
  },
  {
    role: 'runner-launcher',
    actions: ['sqs:ChangeMessageVisibility'],
    reason: 'only while jobs wait for a fleet at its maximum',
  },
  {
    role: 'runner-launcher',
    actions: ['sqs:SendMessage'],
    reason: 'only after a permanent launch failure: a missing image or subnet, a refused token',
  },
  {
    role: 'runner-launcher',
    actions: ['ssm:GetParameters'],
    reason: 'only after GitLab refused a runner token: checks whether the token has been replaced',
  },
  {
    role: 'runner-launcher',
    actions: ['ssm:GetParametersByPath'],
    reason: 'only for fleets with an API token and runner tags: finds the other fleets with runner tags',
  },
  { role: 'idle-reaper', actions: WRITE_LOG, reason: OWN_LOG },
  {
    role: 'idle-reaper',
    actions: ['ecs:StopTask'],
    reason: 'only for managers that do not end by themselves, and for job tasks without a manager',
  },
  {
    role: 'idle-reaper',
    actions: ['secretsmanager:ListSecrets', 'secretsmanager:DeleteSecret'],
    reason: 'once an hour, for job secrets of managers that died before removing them',
  },
  {
    role: 'idle-reaper',
    actions: ['ssm:DeleteParameters'],
    reason: 'once an hour, for runner tokens from webhooks that were not used for 30 days',
  },
  {
    role: 'idle-reaper',
    actions: ['ecs:ListTaskDefinitionFamilies', 'ecs:DescribeTaskDefinition', 'ecs:DeregisterTaskDefinition'],
    reason: "once an hour, for jobs' task definitions that are 30 days old and unused",
  },
  {
    role: 'manager',
    actions: ['secretsmanager:CreateSecret', 'secretsmanager:DeleteSecret', 'secretsmanager:TagResource'],
    reason: PRIVATE_IMAGE,
  },
  {
    role: 'manager',
    statement: 'ClaimTasks',
    actions: ['ecs:TagResource'],
    reason: 'only for fleets that start tasks ahead (ahead.start)',
  },
  {
    role: 'manager',
    actions: ['logs:GetLogEvents'],
    reason: "only for fleets that ship services' output (job.shipServiceOutput)",
  },
  { role: 'manager', actions: ['sts:AssumeRole'], reason: CACHE },
  { role: 'SharedFleetdefaultCacheRole', actions: ['s3:GetObject', 's3:PutObject'], reason: CACHE },
  {
    role: 'SharedFleetdefaultCacheRole',
    actions: ['s3:ListBucket'],
    reason: 'not for listing: with it, S3 answers 404 instead of 403 for a missing object',
  },
  { role: 'SharedManagerExecutionRole', actions: WRITE_LOG, reason: FARGATE },
  { role: 'SharedFleetdefaultJobExecutionRole', actions: WRITE_LOG, reason: FARGATE },
  { role: 'SharedFleetdefaultJobExecutionRole', actions: ['secretsmanager:GetSecretValue'], reason: FARGATE },
  {
    role: 'IdleReaperScheduleRole',
    actions: ['lambda:InvokeFunction', 'sqs:SendMessage'],
    reason:
      'used by EventBridge Scheduler to invoke the reaper, or to send failed events to the dead-letter queue',
  },
];

/** Returns the listed reason for an unused action, if any. */
export function reasonFor(
  role: string,
  statement: string,
  action: string,
  reasons: readonly UnusedReason[] = UNUSED_REASONS,
): string | undefined {
  return reasons.find(
    (one) => one.role === role && one.actions.includes(action) && (one.statement ?? statement) === statement,
  )?.reason;
}
