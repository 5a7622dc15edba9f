import { fleetSecretsPath, jobFamilyPrefix, parameterNames, TAG } from '@serverless-gitlab-runner/fleet';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluateCalls } from '../src/evaluate-calls.ts';
import { callerOfFleet, type Installation, readInstallation } from '../src/installation.ts';
import type { RecordedCall } from '../src/recording.ts';
import { synthesise } from '../src/synthesise.ts';
import type { Templates } from '../src/template.ts';
import { BUS, callOf, entry } from './support/recorded.ts';

/** One name is a prefix of the other: a policy with a wildcard after the name would match both. */
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
  installation = readInstallation(templates, { roles: {}, calls: [bucketCall] });
});

/** CloudFormation generates the bucket's name, so it is known only from a call that contains it. */
const bucketCall = callOf('nobody', 's3', 'GetObject', { Bucket: BUCKET, Key: 'x' });

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

/** A call for a fleet, without its caller. */
type UnsentCall = readonly [service: string, operation: string, parameters: RecordedCall['parameters']];

function onTask(operation: string, resourceTags: string[]): UnsentCall {
  const task = operation === 'DescribeTasks' ? { tasks: [TASK] } : { task: TASK, resourceArn: TASK };
  return ['ecs', operation, { cluster: CLUSTER, ...task, resourceTags }];
}

function register(fleet: string, executionRoleArn: string, taskRoleArn?: string): UnsentCall {
  return ['ecs', 'RegisterTaskDefinition', { family: familyOf(fleet), executionRoleArn, taskRoleArn }];
}

function runTask(fleet: string, tags = tagsOf(fleet), taskRoleArn?: string): UnsentCall {
  return [
    'ecs',
    'RunTask',
    { cluster: CLUSTER, taskDefinition: `${familyOf(fleet)}:1`, tags, overriddenRoles: { taskRoleArn } },
  ];
}

function parameter(fleet: string, name: (of: ReturnType<typeof parameterNames>) => string): UnsentCall {
  return ['ssm', 'GetParameter', { Name: name(parameterNames(PREFIX, fleet)), WithDecryption: true }];
}

const secret = (fleet: string) => `${fleetSecretsPath(PREFIX, fleet)}0123`;

/** Refused actions of a call. Each fleet's manager has already registered a task definition. */
async function refused(caller: string, [service, operation, parameters]: UnsentCall): Promise<string[]> {
  const registered = [ONE, OTHER].map((fleet) =>
    callOf(callerOfFleet(fleet), ...register(fleet, executionRoleOf(fleet))),
  );
  const calls = [bucketCall, ...registered, callOf(caller, service, operation, parameters)];
  const report = await evaluateCalls({ roles: {}, calls }, templates);
  return report.refused.filter((one) => one.caller === caller).map(({ action, why }) => action || why);
}

/** All actions of a manager on a fleet's resources. */
const OWN: readonly (readonly [action: string, what: string, (fleet: string) => UnsentCall])[] = [
  ['ssm:GetParameter', 'the document', (fleet) => parameter(fleet, ({ config }) => config)],
  ['ssm:GetParameter', 'the runner token', (fleet) => parameter(fleet, ({ runnerToken }) => runnerToken)],
  [
    'ssm:GetParameter',
    'a runner token from a webhook',
    (fleet) => parameter(fleet, ({ runnerTokensPath }) => `${runnerTokensPath}0123`),
  ],
  ['ecs:RegisterTaskDefinition', 'a task definition', (fleet) => register(fleet, executionRoleOf(fleet))],
  ['iam:PassRole', 'the task role', (fleet) => register(fleet, executionRoleOf(fleet), taskRoleOf(fleet))],
  ['ecs:RunTask', 'a job task', (fleet) => runTask(fleet)],
  ['ecs:TagResource', 'the tags of a job task', (fleet) => runTask(fleet)],
  ['ecs:StopTask', 'a job task', (fleet) => onTask('StopTask', tagsOf(fleet))],
  ['ecs:DescribeTasks', 'a job task', (fleet) => onTask('DescribeTasks', tagsOf(fleet))],
  ['ecs:DescribeTasks', 'a manager', (fleet) => onTask('DescribeTasks', tagsOf(fleet, 'manager'))],
  [
    'ecs:ListTagsForResource',
    "a manager's tags",
    (fleet) => onTask('ListTagsForResource', tagsOf(fleet, 'manager')),
  ],
  [
    'secretsmanager:CreateSecret',
    'a job secret',
    (fleet) => ['secretsmanager', 'CreateSecret', { Name: secret(fleet) }],
  ],
  [
    'secretsmanager:TagResource',
    'the tags of a job secret',
    (fleet) => ['secretsmanager', 'CreateSecret', { Name: secret(fleet), tags: tagsOf(fleet) }],
  ],
  [
    'secretsmanager:DeleteSecret',
    'a job secret',
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

/** Actions of a manager for which IAM cannot distinguish fleets, and what they reveal or allow. */
const OF_ALL_FLEETS: Readonly<Record<string, string>> = {
  'ecs:ListTasks': "ARNs of the cluster's tasks",
  'ecs:DescribeTaskDefinition': 'images, sizes and roles of job tasks',
  'events:PutEvents': 'false events about job tasks, but no request for a manager',
};

const directions = [
  [ONE, OTHER],
  [OTHER, ONE],
] as const;

describe.each(directions)('a manager of %s, next to fleet %s', (fleet, other) => {
  const caller = callerOfFleet(fleet);

  it.each(OWN)(
    '%s: %s of its own fleet is allowed, of the other fleet refused',
    async (action, _, callOn) => {
      expect(await refused(caller, callOn(fleet))).toEqual([]);
      expect(await refused(caller, callOn(other))).toContain(action);
    },
  );

  it('has no other actions than those tested here', () => {
    const has = installation.roles.get(caller)?.statements.flatMap(({ Action }) => Action) ?? [];
    const tested = [...OWN.map(([action]) => action), ...Object.keys(OF_ALL_FLEETS)];
    expect([...new Set(has)].sort()).toEqual([...new Set(tested)].sort());
  });

  it("may not run a job with the other fleet's tags or without tags", async () => {
    const both = ['ecs:RunTask', 'ecs:TagResource'];
    expect(await refused(caller, runTask(fleet, tagsOf(other)))).toEqual(both);
    expect(await refused(caller, runTask(fleet, tagsOf(fleet, 'manager')))).toEqual(both);
    expect(await refused(caller, runTask(fleet, []))).toEqual(['ecs:RunTask']);
  });

  it('may write the id of a job on a job task of its fleet, and nothing else', async () => {
    const jobId = `${TAG.jobId}=7`;
    const write = (of: string[], ...tags: string[]): UnsentCall => [
      'ecs',
      'TagResource',
      { resourceArn: TASK, resourceTags: of, tags },
    ];
    const role = `${TAG.role}=manager`;
    expect(await refused(caller, write(tagsOf(fleet, 'job'), jobId))).toEqual([]);
    for (const call of [
      write(tagsOf(other, 'job'), jobId),
      write(tagsOf(fleet, 'manager'), jobId),
      write([], jobId),
      write(tagsOf(fleet, 'job'), role),
      write(tagsOf(fleet, 'job'), jobId, role),
    ])
      expect(await refused(caller, call)).toEqual(['ecs:TagResource']);
  });

  it("may not pass the other fleet's roles to its jobs", async () => {
    for (const role of [executionRoleOf(other), taskRoleOf(other), roleOf(other, 'CacheRole')]) {
      expect(await refused(caller, register(fleet, executionRoleOf(fleet), role))).toEqual(['iam:PassRole']);
      expect(await refused(caller, runTask(fleet, tagsOf(fleet), role))).toEqual(['iam:PassRole']);
    }
  });

  it('may describe a task that it stopped, whose tags ECS has removed', async () => {
    expect(await refused(caller, onTask('DescribeTasks', []))).toEqual([]);
    expect(await refused(caller, onTask('ListTagsForResource', []))).toEqual([]);
    expect(await refused(caller, onTask('StopTask', []))).toEqual(['ecs:StopTask']);
  });

  it('may not request a manager for either fleet', async () => {
    const events = (...names: string[]): UnsentCall => [
      'events',
      'PutEvents',
      { Entries: names.map((DetailType) => ({ ...entry(BUS, BUS), DetailType })) },
    ];
    expect(await refused(caller, events('JobTaskStarted', 'JobTaskFinished'))).toEqual([]);
    for (const name of ['ManagerRequested', 'JobQueued'])
      expect(await refused(caller, events('JobTaskStarted', name))).toEqual(['events:PutEvents']);
  });

  it.each(['GetObject', 'PutObject'])(
    "signs URLs for %s in its own fleet's caches only",
    async (operation) => {
      const role = idOf(fleet, 'CacheRole');
      const object = (of: string): UnsentCall => [
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
  it.each([ONE, OTHER])('may start managers of %s', async (fleet) => {
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
