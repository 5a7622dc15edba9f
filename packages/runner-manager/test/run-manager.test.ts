import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import {
  ECSClient,
  ListTagsForResourceCommand,
  ListTasksCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { LOG_LINES } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../src/environment.ts';
import { createLogger } from '../src/logger.ts';
import { runManager } from '../src/manager/run-manager.ts';
import { fleetOf } from './support/fleet.ts';

const TASK_ARN = 'arn:aws:ecs:eu-west-1:123456789012:task/ci/fedcba9876543210';
const METRICS =
  'gitlab_runner_request_concurrency 0\ngitlab_runner_api_request_statuses_total{endpoint="request_job",status="204"} 1\n';
const TOKEN = 'glrt-planted-secret';

const mocks = {
  ecs: mockClient(ECSClient),
  events: mockClient(EventBridgeClient),
  ssm: mockClient(SSMClient),
  secrets: mockClient(SecretsManagerClient),
};
const region = { region: 'eu-west-1' };
const clients = {
  ecs: new ECSClient(region),
  events: new EventBridgeClient(region),
  logs: new CloudWatchLogsClient(region),
  secrets: new SecretsManagerClient(region),
  ssm: new SSMClient(region),
  sts: new STSClient(region),
};
let folder: string;
let server: Server;
let gitlabUrl: string;
let verifyStatus: number;
let requests: string[];
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manager-'));
  [verifyStatus, requests, lines] = [200, [], []];
  for (const mock of Object.values(mocks)) mock.reset();
  // ECS's metadata endpoint and GitLab, in one.
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.url === '/metadata/task') response.end(JSON.stringify({ TaskARN: TASK_ARN }));
    else if (request.url === '/metrics') response.end(METRICS);
    else response.writeHead(verifyStatus).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  gitlabUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  mocks.ssm.on(GetParameterCommand).rejects(new ParameterNotFound({ message: '', $metadata: {} }));
  parameter(
    'config',
    JSON.stringify({
      ...fleetOf({ gitlabUrl, manager: { drainPollSeconds: 0.2, checkIntervalSeconds: 1 } }),
    }),
  );
  parameter('runner-token', TOKEN);
  mocks.events.on(PutEventsCommand).resolves({ Entries: [{ EventId: '1' }] });
  mocks.ecs.on(ListTagsForResourceCommand).resolves({ tags: [] });
  mocks.ecs.on(ListTasksCommand).resolves({ taskArns: [] });
});

afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

function parameter(name: string, value: string): void {
  const Name = `/serverless-gitlab-runner/fleets/default/${name}`;
  mocks.ssm.on(GetParameterCommand, { Name, WithDecryption: true }).resolves({ Parameter: { Value: value } });
}

/** Starts a manager whose `gitlab-runner` is a shell script. */
async function start(gitlabRunner: string) {
  await mkdir(join(folder, 'bin'), { recursive: true });
  const program = join(folder, 'bin/gitlab-runner');
  await writeFile(
    program,
    `#!/bin/sh\necho "$*" > '${folder}/arguments'\nenv > '${folder}/environment'\n${gitlabRunner}\n`,
  );
  await chmod(program, 0o755);
  const environment = readEnvironment({
    PATH: `${folder}/bin:${process.env.PATH ?? ''}`,
    CLUSTER: 'ci',
    EVENT_BUS_NAME: 'bus',
    FLEET: 'default',
    HELPER_IMAGE: 'helper',
    JOB_EXECUTION_ROLE_ARN: 'arn:role',
    ECS_CONTAINER_METADATA_URI_V4: `${gitlabUrl}/metadata`,
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/credentials',
    STATE_FOLDER: folder,
    // The runner's metrics come from the same server.
    METRICS_PORT: new URL(gitlabUrl).port,
  });
  const stop = new AbortController();
  const logger = createLogger('DEBUG', (line) => lines.push(line));
  return { stop, exitCode: runManager(environment, clients, logger, stop.signal) };
}

const events = () =>
  mocks.events.commandCalls(PutEventsCommand).flatMap(({ args }) =>
    (args[0].input.Entries ?? []).map(({ DetailType, Detail }) => ({
      name: DetailType,
      ...JSON.parse(Detail ?? '{}'),
    })),
  );
const started = () =>
  vi.waitFor(async () => {
    const environment = await readFile(join(folder, 'environment'), 'utf8');
    // The shell creates the file before it writes it.
    expect(environment).not.toBe('');
    return environment;
  }, 5000);
/** A runner that finishes on request. */
const OBEDIENT = 'trap "cp $3 $(dirname $3)/config-at-quit.toml; exit 0" QUIT; while :; do sleep 0.05; done';

describe('a manager', () => {
  it('is drained by its tag, leaves no task behind, unregisters, publishes its end, and exits with 0', async () => {
    const { exitCode } = await start(OBEDIENT);
    await started();
    mocks.ecs
      .on(ListTasksCommand, { cluster: 'ci', startedBy: 'fedcba9876543210' })
      .resolves({ taskArns: ['left-over'] });
    const tags = [{ key: 'serverless-gitlab-runner:drain', value: '2026-11-24T08:00:00.000Z' }];
    mocks.ecs.on(ListTagsForResourceCommand, { resourceArn: TASK_ARN }).resolves({ tags });
    expect(await exitCode).toBe(0);
    expect(mocks.ecs.commandCalls(StopTaskCommand).map(({ args }) => args[0].input.task)).toEqual([
      'left-over',
    ]);
    expect(requests.at(-1)).toBe('DELETE /api/v4/runners/managers');
    expect(events()).toMatchObject([{ name: 'ManagerStopped', reason: 'drained', managerTaskArn: TASK_ARN }]);
  });

  it('that was drained long before it ran leaves without taking a job', async () => {
    const tags = [{ key: 'serverless-gitlab-runner:drain', value: '2026-11-24T08:00:00.000Z' }];
    mocks.ecs.on(ListTagsForResourceCommand, { resourceArn: TASK_ARN }).resolves({ tags });
    const { exitCode } = await start(OBEDIENT);
    expect(await exitCode).toBe(0);
    await expect(stat(join(folder, 'arguments'))).rejects.toThrow('ENOENT');
    expect(requests.at(-1)).toBe('DELETE /api/v4/runners/managers');
    expect(events()).toMatchObject([{ name: 'ManagerStopped', reason: 'drained', managerTaskArn: TASK_ARN }]);
  });

  it('that was drained just before it ran requests a job once before it leaves', async () => {
    const tags = [{ key: 'serverless-gitlab-runner:drain', value: new Date().toISOString() }];
    mocks.ecs.on(ListTagsForResourceCommand, { resourceArn: TASK_ARN }).resolves({ tags });
    const { exitCode } = await start(OBEDIENT);
    expect(await exitCode).toBe(0);
    expect(await readFile(join(folder, 'arguments'), 'utf8')).toContain('run --config');
    expect(events()).toMatchObject([{ name: 'ManagerStopped', reason: 'drained' }]);
  });

  it('that ECS stops exits with 0 too', async () => {
    const { exitCode, stop } = await start(OBEDIENT);
    await started();
    stop.abort();
    expect(await exitCode).toBe(0);
    expect(events()).toMatchObject([{ name: 'ManagerStopped', reason: 'terminated' }]);
    // Its configuration had no runner any more when it got SIGQUIT.
    const config = await readFile(join(folder, 'config-at-quit.toml'), 'utf8');
    expect(config).toContain('concurrent = ');
    expect(config).not.toContain('[[runners]]');
  });

  it('whose runner exits by itself exits with its code', async () => {
    const { exitCode } = await start('exit 3');
    expect(await exitCode).toBe(3);
    expect(events()).toMatchObject([{ name: 'ManagerStopped', reason: 'runner-exited' }]);
  });

  it.each([0, 1, 65, 69, 78])(
    'whose runner ends with %i, which means something else of a manager, ends with 70',
    async (code) => {
      const { exitCode } = await start(`exit ${code}`);
      expect(await exitCode).toBe(70);
    },
  );

  it('gives its runner the hooks, and no AWS credentials', async () => {
    const { exitCode } = await start('exit 0');
    const environment = await started();
    await exitCode;
    // No job may know it: the runner speaks to the socket that a job names as its Vault server.
    const [, socket] = /^FARGATE_EXECUTOR_SOCKET=(.*)$/m.exec(environment) ?? [];
    expect(socket?.replace(/[0-9a-f]{32}/, 'RANDOM')).toBe(`${folder}/hooks-RANDOM.sock`);
    expect(environment).not.toMatch(/AWS|CLUSTER|FLEET=/);
    expect(await readFile(join(folder, 'arguments'), 'utf8')).toBe(
      `run --config ${folder}/config.toml --working-directory ${folder}\n`,
    );
  });

  it("gives its runner access to the cache's role, and to no other", async () => {
    const cache = { bucket: 'caches', roleArn: 'arn:aws:iam::123456789012:role/cache' };
    parameter('config', JSON.stringify(fleetOf({ gitlabUrl, cache })));
    const { exitCode } = await start('exit 0');
    const environment = await started();
    await exitCode;
    expect(environment.match(/^AWS\w+/gm)?.sort()).toEqual([
      'AWS_CONTAINER_AUTHORIZATION_TOKEN',
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    ]);
    expect(await readFile(join(folder, 'config.toml'), 'utf8')).toContain('BucketName = "caches"');
  });

  it('keeps its token in one file that only its user can read', async () => {
    const { exitCode } = await start('exit 0');
    const environment = await started();
    await exitCode;
    expect(await readFile(join(folder, 'config.toml'), 'utf8')).toContain(TOKEN);
    expect((await stat(join(folder, 'config.toml'))).mode & 0o777).toBe(0o600);
    expect(JSON.stringify([environment, events(), lines])).not.toContain(TOKEN);
  });
});

describe('a manager whose GitLab has a certificate authority of its own', () => {
  const tls = (name: string) =>
    readFile(new URL(`../../aws/test/fixtures/tls/${name}`, import.meta.url), 'utf8');
  let secure: TlsServer;

  beforeEach(async () => {
    secure = createTlsServer(
      { cert: await tls('localhost.crt'), key: await tls('localhost.key') },
      (request, response) => server.emit('request', request, response),
    );
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const url = `https://localhost:${(secure.address() as AddressInfo).port}`;
    parameter('config', JSON.stringify(fleetOf({ gitlabUrl: url })));
  });

  afterEach(() => {
    secure.close();
    secure.closeAllConnections();
  });

  it('trusts it, and lets its runner trust it', async () => {
    parameter('ca', `a comment\n${await tls('other-ca.crt')}${await tls('ca.crt')}`);
    const { exitCode } = await start('exit 0');
    await exitCode;
    const file = join(folder, 'gitlab-ca.pem');
    expect(await readFile(join(folder, 'config.toml'), 'utf8')).toContain(`tls-ca-file = "${file}"`);
    expect(await readFile(file, 'utf8')).toBe(`${await tls('other-ca.crt')}${await tls('ca.crt')}`);
    expect(requests.filter((request) => request.includes('/api/'))).toEqual([
      'POST /api/v4/runners/verify',
      'DELETE /api/v4/runners/managers',
    ]);
  });

  it('reports what is wrong with the stored certificates', async () => {
    parameter('ca', 'no certificate');
    const { exitCode } = await start(OBEDIENT);
    expect(await exitCode).toBe(65);
    expect(events()).toMatchObject([{ name: 'ManagerLaunchFailed', reason: 'invalid-fleet' }]);
    expect(events()[0].message).toContain(
      'SSM parameter /serverless-gitlab-runner/fleets/default/ca: It contains no certificate',
    );
  });
});

describe('a manager that cannot serve', () => {
  it('because GitLab refuses its token reports that and never starts its runner', async () => {
    verifyStatus = 403;
    const { exitCode } = await start(OBEDIENT);
    expect(await exitCode).toBe(78);
    expect(events()).toMatchObject([
      { name: 'ManagerLaunchFailed', reason: 'runner-token-refused', final: true },
    ]);
    const failed = lines.map((line) => JSON.parse(line)).find(({ message }) => message === 'launch failed');
    expect(failed).toMatchObject({ level: 'ERROR', failure: { reason: 'runner-token-refused' } });
    expect(Object.keys(failed)).toEqual(
      expect.arrayContaining([...LOG_LINES['runner-manager']['launch failed']]),
    );
    await expect(stat(join(folder, 'arguments'))).rejects.toThrow('ENOENT');
  });

  it("because its fleet's parameter is missing names the parameter", async () => {
    mocks.ssm.on(GetParameterCommand).rejects(new ParameterNotFound({ message: '', $metadata: {} }));
    const { exitCode } = await start(OBEDIENT);
    expect(await exitCode).toBe(65);
    expect(events()).toMatchObject([{ name: 'ManagerLaunchFailed', reason: 'invalid-fleet' }]);
    expect(events()[0].message).toContain('/serverless-gitlab-runner/fleets/default/config');
  });

  it("because its runner token's parameter is missing ends like with any other missing parameter", async () => {
    mocks.ssm
      .on(GetParameterCommand, { Name: '/serverless-gitlab-runner/fleets/default/runner-token' })
      .rejects(new ParameterNotFound({ message: '', $metadata: {} }));
    const { exitCode } = await start(OBEDIENT);
    expect(await exitCode).toBe(65);
    expect(events()[0].message).toContain('/serverless-gitlab-runner/fleets/default/runner-token');
  });

  it('because its fleet is invalid names the field', async () => {
    parameter('config', '{"version":1,"name":"default","network":{}}');
    const { exitCode } = await start(OBEDIENT);
    expect(await exitCode).toBe(65);
    expect(events()[0].message).toContain('network.subnets');
  });

  it('because AWS does not answer fails, so that another one is started', async () => {
    mocks.ssm.on(GetParameterCommand).rejects(new Error('connect ETIMEDOUT'));
    const { exitCode } = await start(OBEDIENT);
    await expect(exitCode).rejects.toThrow('ETIMEDOUT');
    expect(events()).toEqual([]);
  });
});
