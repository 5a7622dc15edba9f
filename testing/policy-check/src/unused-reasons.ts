/** Actions that a recording of the faults does not show in use, and why they are granted nevertheless. */

export interface UnusedReason {
  role: string;
  /** `Sid` of the statement; without it every statement of the role that grants the action. */
  statement?: string;
  actions: readonly string[];
  reason: string;
}

const WRITE_LOG = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const OWN_LOG = "Lambda itself writes the function's log with it";
const FARGATE = 'Fargate itself does it before and beside the containers';
const CACHE = 'only for jobs with a cache';
const PRIVATE_IMAGE = 'only for jobs with an image that needs a login';

export const UNUSED_REASONS: readonly UnusedReason[] = [
  { role: 'webhook-receiver', actions: WRITE_LOG, reason: OWN_LOG },
  {
    role: 'webhook-receiver',
    actions: ['ssm:PutParameter', 'ssm:GetParameter'],
    reason: 'only for fleets that take a runner token from the webhook, which the faults do not use',
  },
  { role: 'runner-launcher', actions: WRITE_LOG, reason: OWN_LOG },
  {
    role: 'runner-launcher',
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    reason: "Lambda's event source mapping polls the queue with it",
  },
  {
    role: 'runner-launcher',
    actions: ['sqs:GetQueueUrl'],
    reason: "CDK's grant to an event source has it; the mapping does without",
  },
  {
    role: 'runner-launcher',
    actions: ['sqs:ChangeMessageVisibility'],
    reason: 'only while jobs wait for a place in a fleet at its maximum',
  },
  {
    role: 'runner-launcher',
    actions: ['sqs:SendMessage'],
    reason: 'only after a launch that cannot succeed: a missing image or subnet, a refused token',
  },
  {
    role: 'runner-launcher',
    actions: ['ssm:GetParameters'],
    reason: 'only after GitLab refused a runner token: asks whether it was written anew',
  },
  {
    role: 'runner-launcher',
    actions: ['ssm:GetParametersByPath'],
    reason: 'only for fleets with an API token that say what their runner takes: finds the others that do',
  },
  { role: 'idle-reaper', actions: WRITE_LOG, reason: OWN_LOG },
  {
    role: 'idle-reaper',
    actions: ['ecs:StopTask'],
    reason: 'only for managers that do not end by themselves and for job tasks whose manager is gone',
  },
  {
    role: 'idle-reaper',
    actions: ['secretsmanager:ListSecrets', 'secretsmanager:DeleteSecret'],
    reason: 'once an hour, for secrets that a manager made for a job and died before it removed them',
  },
  {
    role: 'idle-reaper',
    actions: ['ssm:DeleteParameters'],
    reason: 'once an hour, for runner tokens that webhooks brought and nobody used for 30 days',
  },
  {
    role: 'idle-reaper',
    actions: ['ecs:ListTaskDefinitionFamilies', 'ecs:DescribeTaskDefinition', 'ecs:DeregisterTaskDefinition'],
    reason: "once an hour, for jobs' task definitions that are 30 days old and no task uses",
  },
  {
    role: 'manager',
    actions: ['secretsmanager:CreateSecret', 'secretsmanager:DeleteSecret', 'secretsmanager:TagResource'],
    reason: PRIVATE_IMAGE,
  },
  {
    role: 'manager',
    actions: ['logs:GetLogEvents'],
    reason: "only where a fleet ships services' output (job.shipServiceOutput)",
  },
  { role: 'manager', actions: ['sts:AssumeRole'], reason: CACHE },
  { role: 'SharedFleetdefaultCacheRole', actions: ['s3:GetObject', 's3:PutObject'], reason: CACHE },
  {
    role: 'SharedFleetdefaultCacheRole',
    actions: ['s3:ListBucket'],
    reason: 'nobody lists: S3 answers 404 instead of 403 for a missing object to who may',
  },
  { role: 'SharedManagerExecutionRole', actions: WRITE_LOG, reason: FARGATE },
  { role: 'SharedFleetdefaultJobExecutionRole', actions: WRITE_LOG, reason: FARGATE },
  { role: 'SharedFleetdefaultJobExecutionRole', actions: ['secretsmanager:GetSecretValue'], reason: FARGATE },
  {
    role: 'IdleReaperScheduleRole',
    actions: ['lambda:InvokeFunction', 'sqs:SendMessage'],
    reason:
      'EventBridge Scheduler invokes the reaper with it, or puts what failed into the dead-letter queue',
  },
];

/** Why an action may be unused, if the table says. */
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
