import { fleetSecretsPath, jobFamilyPrefix, parameterNames } from '@serverless-gitlab-runner/fleet';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluateCalls } from '../src/evaluate-calls.ts';
import { callerOfFleet, type Installation, readInstallation } from '../src/installation.ts';
import type { RecordedCall } from '../src/recording.ts';
import { synthesise } from '../src/synthesise.ts';
import type { Templates } from '../src/template.ts';
import { BUS, entry, made } from './support/recorded.ts';

/** One's name is the beginning of the other's: a policy with a wildcard after a name would reach both. */
const [ONE, OTHER] = ['default', 'default-b'];
const PREFIX = '/serverless-gitlab-runner';
const CLUSTER = 'arn:aws:ecs:us-east-1:000000000000:cluster/serverless-gitlab-runner';
const TASK =
  'arn:aws:ecs:us-east-1:000000000000:task/serverless-gitlab-runner/0123456789abcdef0123456789abcdef';
const BUCKET = 'serverless-gitlab-runner-shared-sharedcachebucket-1a2b3c';
const DIGEST = '0123456789abcdef0123456789abcdef';

let templates: Templates;
let installation: Installation;

beforeAll(async () => {
  const fleets = [ONE, OTHER].map((name) => ({ name, job: { taskRoleArn: taskRoleOf(name) } }));
  templates = await synthesise({ fleets });
  installation = readInstallation(templates, { roles: {}, calls: [bucketSeen] });
});

/** The bucket's name is CloudFormation's: a call that has it tells it. */
const bucketSeen = made('nobody', 's3', 'GetObject', { Bucket: BUCKET, Key: 'x' });

function taskRoleOf(fleet: string): string {
  return `arn:aws:iam::000000000000:role/deployer-of-${fleet}`;
}

const idOf = (fleet: string, kind: string) => `SharedFleet${fleet.replaceAll('-', '')}${kind}`;
const roleOf = (fleet: string, kind: string) => installation.roles.get(idOf(fleet, kind))?.arn ?? '';
const executionRoleOf = (fleet: string) => roleOf(fleet, 'JobExecutionRole');
const tagsOf = (fleet: string, role = 'job') => [
  `serverless-gitlab-runner:role=${role}`,
  `serverless-gitlab-runner:fleet=${fleet}`,
];
const familyOf = (fleet: string) => `${jobFamilyPrefix(fleet)}${DIGEST}`;

/** What is asked of AWS for a fleet: by whom, the operation, and its parameters. */
type Asked = readonly [service: string, operation: string, parameters: RecordedCall['parameters']];

function aboutTask(operation: string, resourceTags: string[]): Asked {
  const task = operation === 'DescribeTasks' ? { tasks: [TASK] } : { task: TASK, resourceArn: TASK };
  return ['ecs', operation, { cluster: CLUSTER, ...task, resourceTags }];
}

function register(fleet: string, executionRoleArn: string, taskRoleArn?: string): Asked {
  return ['ecs', 'RegisterTaskDefinition', { family: familyOf(fleet), executionRoleArn, taskRoleArn }];
}

function runTask(fleet: string, tags = tagsOf(fleet), taskRoleArn?: string): Asked {
  return [
    'ecs',
    'RunTask',
    { cluster: CLUSTER, taskDefinition: `${familyOf(fleet)}:1`, tags, overriddenRoles: { taskRoleArn } },
  ];
}

function parameter(fleet: string, name: (of: ReturnType<typeof parameterNames>) => string): Asked {
  return ['ssm', 'GetParameter', { Name: name(parameterNames(PREFIX, fleet)), WithDecryption: true }];
}

const secret = (fleet: string) => `${fleetSecretsPath(PREFIX, fleet)}0123`;

/** What is refused of a call, by action. Each fleet's manager has registered a definition already. */
async function refused(caller: string, [service, operation, parameters]: Asked): Promise<string[]> {
  const registered = [ONE, OTHER].map((fleet) =>
    made(callerOfFleet(fleet), ...register(fleet, executionRoleOf(fleet))),
  );
  const calls = [bucketSeen, ...registered, made(caller, service, operation, parameters)];
  const report = await evaluateCalls({ roles: {}, calls }, templates);
  return report.refused.filter((one) => one.caller === caller).map(({ action, why }) => action || why);
}

/** Every action of a manager that is about something of a fleet. */
const OWN: readonly (readonly [action: string, what: string, (fleet: string) => Asked])[] = [
  ['ssm:GetParameter', 'the document', (fleet) => parameter(fleet, ({ config }) => config)],
  ['ssm:GetParameter', 'the runner token', (fleet) => parameter(fleet, ({ runnerToken }) => runnerToken)],
  [
    'ssm:GetParameter',
    'a token that a webhook brought',
    (fleet) => parameter(fleet, ({ runnerTokensPath }) => `${runnerTokensPath}0123`),
  ],
  ['ecs:RegisterTaskDefinition', 'a definition', (fleet) => register(fleet, executionRoleOf(fleet))],
  ['iam:PassRole', 'the task role', (fleet) => register(fleet, executionRoleOf(fleet), taskRoleOf(fleet))],
  ['ecs:RunTask', 'a job task', (fleet) => runTask(fleet)],
  ['ecs:TagResource', 'the tags of a job task', (fleet) => runTask(fleet)],
  ['ecs:StopTask', 'a job task', (fleet) => aboutTask('StopTask', tagsOf(fleet))],
  ['ecs:DescribeTasks', 'a job task', (fleet) => aboutTask('DescribeTasks', tagsOf(fleet))],
  ['ecs:DescribeTasks', 'a manager', (fleet) => aboutTask('DescribeTasks', tagsOf(fleet, 'manager'))],
  [
    'ecs:ListTagsForResource',
    "a manager's tags",
    (fleet) => aboutTask('ListTagsForResource', tagsOf(fleet, 'manager')),
  ],
  [
    'secretsmanager:CreateSecret',
    'a login',
    (fleet) => ['secretsmanager', 'CreateSecret', { Name: secret(fleet) }],
  ],
  [
    'secretsmanager:TagResource',
    'the tags of a login',
    (fleet) => ['secretsmanager', 'CreateSecret', { Name: secret(fleet), tags: tagsOf(fleet) }],
  ],
  [
    'secretsmanager:DeleteSecret',
    'a login',
    (fleet) => ['secretsmanager', 'DeleteSecret', { SecretId: secret(fleet) }],
  ],
  [
    'logs:GetLogEvents',
    "a service's output",
    (fleet) => [
      'logs',
      'GetLogEvents',
      { logGroupName: `${PREFIX}/jobs/${fleet}`, logStreamName: 'job/redis/1' },
    ],
  ],
  [
    'sts:AssumeRole',
    'the role of the cache',
    (fleet) => ['sts', 'AssumeRole', { RoleArn: roleOf(fleet, 'CacheRole') }],
  ],
];

/** Actions of a manager in which IAM cannot tell fleets apart, and what they tell. */
const OF_ALL_FLEETS: Readonly<Record<string, string>> = {
  'ecs:ListTasks': "ARNs of the cluster's tasks",
  'ecs:DescribeTaskDefinition': 'images, sizes and roles of job tasks',
  'events:PutEvents': 'a manager may say of jobs what is not so; it can ask for no manager',
};

const directions = [
  [ONE, OTHER],
  [OTHER, ONE],
] as const;

describe.each(directions)('a manager of %s, beside fleet %s', (fleet, other) => {
  const caller = callerOfFleet(fleet);

  it.each(OWN)('%s: %s of its own fleet it may, of the other it may not', async (action, _, asked) => {
    expect(await refused(caller, asked(fleet))).toEqual([]);
    expect(await refused(caller, asked(other))).toContain(action);
  });

  it('is asked for every action that it has', () => {
    const has = installation.roles.get(caller)?.statements.flatMap(({ Action }) => Action) ?? [];
    const asked = [...OWN.map(([action]) => action), ...Object.keys(OF_ALL_FLEETS)];
    expect([...new Set(has)].sort()).toEqual([...new Set(asked)].sort());
  });

  it("runs no job under the other fleet's tags, nor without any", async () => {
    const both = ['ecs:RunTask', 'ecs:TagResource'];
    expect(await refused(caller, runTask(fleet, tagsOf(other)))).toEqual(both);
    expect(await refused(caller, runTask(fleet, tagsOf(fleet, 'manager')))).toEqual(both);
    expect(await refused(caller, runTask(fleet, []))).toEqual(['ecs:RunTask']);
  });

  it("gives its jobs none of the other fleet's roles", async () => {
    for (const role of [executionRoleOf(other), taskRoleOf(other), roleOf(other, 'CacheRole')]) {
      expect(await refused(caller, register(fleet, executionRoleOf(fleet), role))).toEqual(['iam:PassRole']);
      expect(await refused(caller, runTask(fleet, tagsOf(fleet), role))).toEqual(['iam:PassRole']);
    }
  });

  it('sees a task end that it stopped, whose tags ECS took away', async () => {
    expect(await refused(caller, aboutTask('DescribeTasks', []))).toEqual([]);
    expect(await refused(caller, aboutTask('ListTagsForResource', []))).toEqual([]);
    expect(await refused(caller, aboutTask('StopTask', []))).toEqual(['ecs:StopTask']);
  });

  it('asks for no manager, of either fleet', async () => {
    const events = (...names: string[]): Asked => [
      'events',
      'PutEvents',
      { Entries: names.map((DetailType) => ({ ...entry(BUS, BUS), DetailType })) },
    ];
    expect(await refused(caller, events('JobTaskStarted', 'JobTaskFinished'))).toEqual([]);
    for (const name of ['ManagerRequested', 'JobQueued'])
      expect(await refused(caller, events('JobTaskStarted', name))).toEqual(['events:PutEvents']);
  });

  it.each(['GetObject', 'PutObject'])(
    "signs URLs to %s of its own fleet's caches only",
    async (operation) => {
      const role = idOf(fleet, 'CacheRole');
      const object = (of: string): Asked => [
        's3',
        operation,
        { Bucket: BUCKET, Key: `${of}/project/7/deps` },
      ];
      expect(await refused(role, object(fleet))).toEqual([]);
      expect(await refused(role, object(other))).toEqual([`s3:${operation}`]);
    },
  );
});

describe('the launcher', () => {
  it.each([ONE, OTHER])('starts managers of %s', async (fleet) => {
    const run = (tags: string[]) =>
      refused('runner-launcher', [
        'ecs',
        'RunTask',
        {
          cluster: CLUSTER,
          taskDefinition: `serverless-gitlab-runner-manager-${fleet}`,
          tags,
          overriddenRoles: {},
        },
      ]);
    expect(await run(tagsOf(fleet, 'manager'))).toEqual([]);
    expect(await run(tagsOf(fleet, 'job'))).toEqual(['ecs:RunTask', 'ecs:RunTask', 'ecs:TagResource']);
  });
});
