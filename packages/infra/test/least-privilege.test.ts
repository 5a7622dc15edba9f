import { describe, expect, it } from 'vitest';
import { CACHE, JOB_EXECUTION, MANAGER } from './support/roles.ts';
import { type RoleStatement, roleStatements } from './support/statements.ts';
import { synthesise } from './support/synthesise.ts';

const statements = Object.values(
  synthesise({
    cache: {},
    jobImageRepositories: ['team/*'],
    jobImageMirrors: ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub'],
    fleets: [{ name: 'default', job: { taskRoleArn: 'arn:aws:iam::111122223333:role/deployer' } }],
  }),
).flatMap(roleStatements);
const allowed = statements.filter(({ effect }) => effect === 'Allow');

/** The only actions that may have the resource `*`, and the reason. */
const WITHOUT_RESOURCE: Readonly<Record<string, string>> = {
  'ecs:ListTasks':
    'its only resource is a container instance, which Fargate lacks; limited to the cluster by condition',
  'ecs:DeregisterTaskDefinition':
    'it supports no resource; the reaper restricts itself to families of job tasks',
  'ecs:DescribeTaskDefinition': 'it supports no resource',
  'ecs:ListTaskDefinitionFamilies': 'it supports no resource; it returns names',
  'ecr:GetAuthorizationToken': 'it supports no resource',
  'secretsmanager:ListSecrets': 'it supports no resource; it returns names and tags, not values',
};

const WRITE_LOG = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];

/** Every role by its description, with all its allowed actions. */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  'Pulls the manager image and writes its log': WRITE_LOG,
  [JOB_EXECUTION]: [
    ...PULL,
    'ecr:BatchImportUpstreamImage',
    'ecr:CreateRepository',
    'ecr:GetAuthorizationToken',
    ...WRITE_LOG,
    'secretsmanager:GetSecretValue',
  ],
  [MANAGER]: [
    'ecs:DescribeTaskDefinition',
    'ecs:DescribeTasks',
    'ecs:ListTagsForResource',
    'ecs:ListTasks',
    'ecs:RegisterTaskDefinition',
    'ecs:RunTask',
    'ecs:StopTask',
    'ecs:TagResource',
    'events:PutEvents',
    'iam:PassRole',
    'logs:GetLogEvents',
    'secretsmanager:CreateSecret',
    'secretsmanager:DeleteSecret',
    'secretsmanager:TagResource',
    'ssm:GetParameter',
    'sts:AssumeRole',
  ],
  [CACHE]: ['s3:GetObject', 's3:ListBucket', 's3:PutObject'],
  'What webhook-receiver may do': [
    'events:PutEvents',
    ...WRITE_LOG,
    'ssm:GetParameter',
    'ssm:GetParameters',
    'ssm:GetParametersByPath',
    'ssm:PutParameter',
  ],
  'What runner-launcher may do': [
    'ecs:DescribeTasks',
    'ecs:ListTasks',
    'ecs:RunTask',
    'ecs:TagResource',
    'events:PutEvents',
    'iam:PassRole',
    ...WRITE_LOG,
    'sqs:ChangeMessageVisibility',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:ReceiveMessage',
    'sqs:SendMessage',
    'ssm:GetParameter',
    'ssm:GetParameters',
    'ssm:GetParametersByPath',
  ],
  'What idle-reaper may do': [
    'ecs:DeregisterTaskDefinition',
    'ecs:DescribeTaskDefinition',
    'ecs:DescribeTasks',
    'ecs:ListTaskDefinitionFamilies',
    'ecs:ListTasks',
    'ecs:StopTask',
    'ecs:TagResource',
    'events:PutEvents',
    ...WRITE_LOG,
    'secretsmanager:DeleteSecret',
    'secretsmanager:ListSecrets',
    'ssm:DeleteParameters',
    'ssm:GetParametersByPath',
  ],
  'Invokes idle-reaper': ['lambda:InvokeFunction', 'sqs:SendMessage'],
};

/** Conditions on this project's tags. */
function tagConditions(key: string, tags: object): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(tags).map(([name, values]) => [`${key}/serverless-gitlab-runner:${name}`, values]),
  );
}

function actionsOf(role: string): string[] {
  const actions = allowed.filter((statement) => statement.role === role).flatMap((one) => one.actions);
  return [...new Set(actions)].sort();
}

function named(statement: RoleStatement): string {
  return `${statement.role}: ${statement.actions.join(', ')}`;
}

function of(role: string, action: string): RoleStatement[] {
  return allowed.filter((statement) => statement.role === role && statement.actions.includes(action));
}

const MANAGERS_EVENTS = [
  'AheadTaskStopped',
  'JobTaskFinished',
  'JobTaskStarted',
  'ManagerLaunchFailed',
  'ManagerStopped',
];
const LAUNCHER = 'What runner-launcher may do';
const RECEIVER = 'What webhook-receiver may do';
const REAPER = 'What idle-reaper may do';
const PARAMETERS = 'arn:aws:ssm:eu-west-1:111122223333:parameter/serverless-gitlab-runner/fleets';

describe('every role', () => {
  it('is listed in the table', () => {
    expect([...new Set(allowed.map(({ role }) => role))].sort()).toEqual(Object.keys(ROLES).sort());
  });

  it.each(Object.entries(ROLES))('"%s" allows exactly the actions in the table', (role, actions) => {
    expect(actionsOf(role)).toEqual([...actions].sort());
  });
});

describe('every statement', () => {
  it('names actions without wildcards', () => {
    expect(
      allowed.filter(({ actions }) => actions.some((action) => action.includes('*'))).map(named),
    ).toEqual([]);
  });

  it('names resources, except for actions that support none', () => {
    const tooWide = allowed.filter(
      ({ actions, resources }) =>
        resources.includes('*') && actions.some((action) => WITHOUT_RESOURCE[action] === undefined),
    );
    expect(tooWide.map(named)).toEqual([]);
  });

  it('about tasks is limited to the cluster, by its resource or by condition', () => {
    const about = allowed.filter(({ actions }) =>
      actions.some((action) => /^ecs:(\w+Tasks?|TagResource)$/.test(action)),
    );
    const elsewhere = about.filter(
      ({ resources, conditions }) =>
        conditions.ArnEquals?.['ecs:cluster'] === undefined &&
        !resources.every((resource) => /:task\/\{[^/]*Cluster[^/]*\}\/\*$/.test(resource)),
    );
    expect(about.map(({ role }) => role)).toEqual(expect.arrayContaining([MANAGER, LAUNCHER, REAPER]));
    expect(elsewhere.map(named)).toEqual([]);
  });

  it('that passes a role names the role or the path of managers, and passes it only to tasks', () => {
    const passes = allowed.filter(({ actions }) => actions.includes('iam:PassRole'));
    expect(Object.fromEntries(passes.map(({ role, resources }) => [role, resources]))).toEqual({
      [LAUNCHER]: ['arn:aws:iam::111122223333:role/serverless-gitlab-runner/eu-west-1/managers/*'],
      [MANAGER]: [
        expect.stringMatching(/^\{SharedFleetdefaultJobExecutionRole\w+\.Arn\}$/),
        'arn:aws:iam::111122223333:role/deployer',
      ],
    });
    for (const { conditions } of passes)
      expect(conditions).toEqual({ StringEquals: { 'iam:PassedToService': ['ecs-tasks.amazonaws.com'] } });
  });

  it('that publishes events is limited to this bus and source, and a manager cannot request a manager', () => {
    for (const { role, resources, conditions } of allowed.filter(({ actions }) =>
      actions.includes('events:PutEvents'),
    )) {
      expect(resources).toEqual([expect.stringContaining('EventBus')]);
      expect(conditions).toEqual({
        'ForAllValues:StringEquals': {
          'events:source': ['serverless-gitlab-runner'],
          ...(role === MANAGER ? { 'events:detail-type': MANAGERS_EVENTS } : {}),
        },
        Null: {
          'events:source': ['false'],
          ...(role === MANAGER ? { 'events:detail-type': ['false'] } : {}),
        },
      });
    }
  });
});

describe('tasks', () => {
  it.each([
    [LAUNCHER, 'serverless-gitlab-runner-manager-*'],
    [MANAGER, 'serverless-gitlab-runner-job-default_*'],
  ])('"%s" runs only %s', (role, family) => {
    const definition = `arn:aws:ecs:eu-west-1:111122223333:task-definition/${family}`;
    expect(of(role, 'ecs:RunTask').map(({ resources }) => resources)).toEqual([
      [definition, `${definition}:*`],
    ]);
  });

  it.each([
    [MANAGER, { role: ['job'], fleet: ['default'] }],
    [REAPER, { role: ['manager', 'job'] }],
  ])('"%s" stops only tasks with the tags %j', (role, tags) => {
    const stops = of(role, 'ecs:StopTask').map(({ conditions }) => conditions.StringEquals);
    expect(stops).toEqual([tagConditions('aws:ResourceTag', tags)]);
  });

  it.each([
    [MANAGER, { role: ['job'], fleet: ['default'] }],
    [LAUNCHER, { role: ['manager'] }],
  ])('"%s" runs only tasks with the tags %j', (role, tags) => {
    const tagged = tagConditions('aws:RequestTag', tags);
    const [run] = of(role, 'ecs:RunTask').map(({ conditions }) => conditions.StringEquals);
    expect(run).toEqual(tagged);
    const created = of(role, 'ecs:TagResource').map(({ conditions }) => conditions.StringEquals);
    expect(created).toContainEqual({ 'ecs:CreateAction': ['RunTask'], ...tagged });
  });

  it.each([LAUNCHER, REAPER])('"%s" marks only managers', (role) => {
    const tags = of(role, 'ecs:TagResource').map(({ conditions }) => conditions.StringEquals);
    expect(tags).toContainEqual({ 'aws:ResourceTag/serverless-gitlab-runner:role': ['manager'] });
  });

  it('a manager cannot change the tags of running tasks, for example its own drain mark, but for the job that claims one', () => {
    const ofFleet = tagConditions('aws:ResourceTag', { role: ['job'], fleet: ['default'] });
    expect(of(MANAGER, 'ecs:TagResource').map(({ conditions }) => conditions)).toEqual([
      { StringEquals: expect.objectContaining({ 'ecs:CreateAction': ['RunTask'] }) },
      {
        StringEquals: ofFleet,
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['serverless-gitlab-runner:job-id'] },
        Null: { 'aws:TagKeys': ['false'] },
      },
    ]);
  });
});

describe('parameters', () => {
  it.each([
    [RECEIVER, 'ssm:GetParametersByPath', ['', '/']],
    [RECEIVER, 'ssm:GetParameters', ['/*/config', '/*/webhook-secret*', '/*/signing-token*']],
    [RECEIVER, 'ssm:PutParameter', ['/*/runner-tokens/*']],
    [RECEIVER, 'ssm:GetParameter', ['/*/runner-tokens/*']],
    [REAPER, 'ssm:DeleteParameters', ['/*/runner-tokens/*']],
    [REAPER, 'ssm:GetParametersByPath', ['', '/']],
    [LAUNCHER, 'ssm:GetParametersByPath', ['', '/']],
    [
      LAUNCHER,
      'ssm:GetParameter',
      ['/*/config', '/*/ca', '/*/runner-token', '/*/runner-tokens/*', '/*/api-token'],
    ],
    [
      MANAGER,
      'ssm:GetParameter',
      ['/default/config', '/default/ca', '/default/runner-token', '/default/runner-tokens/*'],
    ],
  ])('"%s" may %s only for %j', (role, action, names) => {
    const resources = of(role, action).flatMap((statement) => statement.resources);
    expect(resources).toEqual(names.map((name) => `${PARAMETERS}${name}`));
  });

  it.each([
    [RECEIVER, ['/*/webhook-secret*', '/*/signing-token*']],
    [LAUNCHER, ['/*/api-token']],
    [REAPER, undefined],
  ])('"%s" is denied decryption of everything except %j', (role, names) => {
    const denied = statements.filter((one) => one.role === role && one.effect === 'Deny');
    const conditions = names && {
      StringNotLike: { 'kms:EncryptionContext:PARAMETER_ARN': names.map((name) => `${PARAMETERS}${name}`) },
    };
    expect(denied).toMatchObject([
      { actions: ['kms:Decrypt'], resources: ['*'], conditions: conditions ?? {} },
    ]);
  });
});
