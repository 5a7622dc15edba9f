import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { AddPermissionCommand, CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { packPackages, REPOSITORY_ROOT, runCommand, until } from '@serverless-gitlab-runner/machine';
import { buildEntry } from '@serverless-gitlab-runner/shared-events';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EmulatorFixture } from './support/emulator-fixture.ts';
import { zipOf } from './support/zip.ts';

const BUS = 'runner-events';
const FUNCTION = 'cost-lines';
const taskArn = 'arn:aws:ecs:us-east-1:000000000000:task/test/0123456789abcdef0123456789abcdef';

let fixture: EmulatorFixture;
let events: EventBridgeClient;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('consumer');
  const lambda = new LambdaClient(fixture.clientOptions);
  events = new EventBridgeClient(fixture.clientOptions);
  const created = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: FUNCTION,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/consumer',
      Code: { ZipFile: await zipOf('index.mjs', await bundleOutsideRepository()) },
    }),
  );
  await events.send(new CreateEventBusCommand({ Name: BUS }));
  const EventPattern = JSON.stringify({
    source: ['serverless-gitlab-runner'],
    'detail-type': ['JobTaskFinished'],
  });
  const rule = await events.send(new PutRuleCommand({ Name: 'finished', EventBusName: BUS, EventPattern }));
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: FUNCTION,
      StatementId: 'rule',
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: rule.RuleArn,
    }),
  );
  const Targets = [{ Id: 'consumer', Arn: created.FunctionArn }];
  await events.send(new PutTargetsCommand({ Rule: 'finished', EventBusName: BUS, Targets }));
}, 180_000);

afterAll(() => fixture?.stop(), 60_000);

/**
 * Bundles the example in a folder outside the repository, which contains only the published package and its dependency zod.
 */
async function bundleOutsideRepository(): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'event-consumer-'));
  try {
    const installed = join(folder, 'node_modules/@serverless-gitlab-runner/shared-events');
    await mkdir(installed, { recursive: true });
    await packPackages(() => undefined);
    const packed = join(REPOSITORY_ROOT, 'dist/npm/shared-events.tgz');
    await runCommand('tar', ['-xzf', packed, '-C', installed, '--strip-components=1']);
    await cp(join(REPOSITORY_ROOT, 'node_modules/zod'), join(folder, 'node_modules/zod'), {
      recursive: true,
    });
    await cp(join(REPOSITORY_ROOT, 'examples/event-consumer/src'), join(folder, 'src'), { recursive: true });
    const outfile = join(folder, 'index.mjs');
    const entryPoints = [join(folder, 'src/handler.ts')];
    await build({
      entryPoints,
      outfile,
      absWorkingDir: folder,
      bundle: true,
      platform: 'node',
      format: 'esm',
    });
    return await readFile(outfile);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function logLines(): Promise<string[]> {
  const logGroupName = `/aws/lambda/${FUNCTION}`;
  // The log group is created with the function's first log line.
  const found = await fixture.logs.send(new FilterLogEventsCommand({ logGroupName })).catch(() => undefined);
  return (found?.events ?? []).map(({ message }) => message ?? '');
}

it('receives events of finished job tasks from the bus, and no others', async () => {
  const common = { fleet: 'default', occurredAt: '2026-11-23T10:00:00.000Z', managerTaskArn: taskArn };
  const job = { instance: 'https://gitlab.example.com', projectId: 380, pipelineId: 2366, jobId: 1977 };
  const task = { taskArn, image: 'debian', cpu: 1024, memory: 2048, architecture: 'X86_64' as const };
  const Entries = [
    buildEntry(BUS, 'ManagerStopped', { ...common, reason: 'drained' }),
    buildEntry(BUS, 'JobTaskFinished', {
      ...common,
      ...job,
      ...task,
      jobName: 'test',
      capacityProvider: 'FARGATE_SPOT',
      outcome: 'completed',
      seconds: 90,
      estimatedCostUsd: 0.00037,
    }),
  ];
  expect(await events.send(new PutEventsCommand({ Entries }))).toMatchObject({ FailedEntryCount: 0 });
  const line = '2026-11-23T10:00:00.000Z,380,test,debian,90.0,0.000370';
  const lines = await until('the cost line', async () => {
    const seen = await logLines();
    return seen.some((text) => text.includes(line)) ? seen : undefined;
  });
  expect(lines.filter((text) => text.includes('2026-11-23T10:00:00.000Z'))).toHaveLength(1);
});
