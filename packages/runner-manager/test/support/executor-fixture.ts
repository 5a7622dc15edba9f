import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  RunTaskCommand,
  StopTaskCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type FleetConfig, fargatePricesOf, type ImageSource } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { createAheadTasks } from '../../src/ahead/ahead-tasks.ts';
import type { ReadImageDigests } from '../../src/ahead/image-digests.ts';
import type { ExecutorContext } from '../../src/executor-context.ts';
import { createProjectShares } from '../../src/job/plan/project-shares.ts';
import { createJobExecutor } from '../../src/job-executor.ts';
import { createLogger } from '../../src/logger.ts';
import { createSecretLeases } from '../../src/task/lease-secrets.ts';
import { createTaskDefinitionRegistry } from '../../src/task/register-task-definition.ts';
import { createTaskWatcher } from '../../src/task/watch-tasks.ts';
import { fakeSsh } from './fake-ssh.ts';
import { fleetOf } from './fleet.ts';
import { hookEnvironment, jobResponse } from './job.ts';

export const TASK_ARN = 'arn:aws:ecs:eu-west-1:123456789012:task/ci/0123456789abcdef';
const MANAGER_ARN = 'arn:aws:ecs:eu-west-1:123456789012:task/ci/fedcba9876543210';

/** A task that runs and has an address. */
export const RUNNING_TASK: Task = {
  taskArn: TASK_ARN,
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  attachments: [{ details: [{ name: 'privateIPv4Address', value: '10.0.0.7' }] }],
};

/** A job executor on a mocked ECS and a fake ssh, its polling quick. */
export type ExecutorFixture = Awaited<ReturnType<typeof makeExecutorFixture>>;

export async function makeExecutorFixture(change: (fleet: FleetConfig) => FleetConfig = (fleet) => fleet) {
  const folder = await mkdtemp(join(tmpdir(), 'executor-'));
  const ecs = mockClient(ECSClient);
  const secrets = mockClient(SecretsManagerClient);
  secrets.on(CreateSecretCommand).resolves({});
  secrets.on(DeleteSecretCommand).resolves({});
  ecs
    .on(DescribeTaskDefinitionCommand)
    .resolves({ taskDefinition: { taskDefinitionArn: 'family:1', status: 'ACTIVE' } });
  ecs.on(RunTaskCommand).resolves({ tasks: [{ taskArn: TASK_ARN }] });
  ecs.on(DescribeTasksCommand).resolves({ tasks: [RUNNING_TASK] });
  ecs.on(StopTaskCommand).resolves({});
  const client = new ECSClient({ region: 'eu-west-1' });
  const fleet = change(fleetOf());
  const events: { name: string; detail: Record<string, unknown> }[] = [];
  const log: string[] = [];
  const asked: ImageSource[] = [];
  const logger = createLogger('DEBUG', (line) => log.push(line));
  const withoutAhead: Omit<ExecutorContext, 'ahead'> = {
    fleet,
    managerTaskArn: MANAGER_ARN,
    stateFolder: folder,
    inherited: await fakeSsh(folder),
    awaitPort: async () => {},
    runTask: { ecs: client, cluster: 'ci', startedBy: 'fedcba9876543210', fleet },
    taskDefinition: {
      fleet: 'default',
      helperImages: { X86_64: 'helper', ARM64: 'helper' },
      executionRoleArn: 'arn:role',
      logGroup: undefined,
      shipsServiceOutput: false,
      region: 'eu-west-1',
    },
    taskDefinitions: createTaskDefinitionRegistry(client),
    secretLeases: createSecretLeases({
      client: new SecretsManagerClient({ region: 'eu-west-1' }),
      path: 'sgr/jobs/default/',
      fleet: 'default',
      maxLeaseAgeMs: 3_600_000,
      logger,
    }),
    imageConfigs: async (source) => {
      asked.push(source);
      return { entryPoint: ['/own-entry-point'], command: ['own-command'] };
    },
    projectShares: createProjectShares(fleet),
    watcher: createTaskWatcher({ ecs: client, cluster: 'ci', logger, everyMs: { changing: 5, steady: 5 } }),
    containerLog: async (_, container) => [`last words of ${container}`],
    pricing: { ...fargatePricesOf('us-east-1'), region: 'us-east-1', hasPublicIp: true },
    hasConsole: false,
    publish: async (name, detail) => void events.push({ name, detail }),
    logger,
  };
  /** Digests of image tags, as registries answer. */
  const digests = new Map<string, string>();
  const readImageDigests: ReadImageDigests = async ({ image }) =>
    new Map([[image, digests.get(image) ?? 'sha256:1']]);
  const ahead =
    fleet.ahead.start === 'off' ? undefined : createAheadTasks({ ...withoutAhead, readImageDigests });
  const context: ExecutorContext = { ...withoutAhead, ahead };
  const executor = createJobExecutor(context);
  const jobFile = join(folder, 'job.json');
  /** The session of the newest `config`; before it, an unknown one. */
  let session = '0'.repeat(32);
  const open = async (job: object = {}) => {
    await writeFile(jobFile, JSON.stringify(jobResponse(job)));
    session = await executor.open(jobFile);
    return session;
  };
  const prepareOpen = (
    variables: Record<string, string> = {},
    hangUp: AbortSignal = new AbortController().signal,
  ) => executor.prepare(session, hookEnvironment(variables), (line) => log.push(line), hangUp);
  return {
    executor,
    context,
    ecs,
    secrets,
    events,
    log,
    asked,
    digests,
    folder,
    /** Number of requests that helpers got. */
    requests: (request: string) =>
      existsSync(join(folder, 'calls'))
        ? readFileSync(join(folder, 'calls'), 'utf8')
            .split('\n')
            .filter((call) => call.endsWith(` ${request}`)).length
        : 0,
    open,
    /** The prepare hook of the session that was opened last. */
    prepareOpen,
    /** The config and the prepare hook, as the runner calls them one after the other. */
    async prepare(job: object = {}, hangUp?: AbortSignal) {
      await open(job);
      return prepareOpen({}, hangUp);
    },
    session: () => session,
    why: (of = session) => executor.why(of, (line) => log.push(line)),
    afterStage: (name: string, exitCode: number) => executor.afterStage(session, { name, exitCode }),
    cleanup: (of = session) => executor.cleanup(of),
    stopped: () => ecs.commandCalls(StopTaskCommand).map((call) => call.args[0].input.task),
    async remove() {
      await ahead?.close('the test is over');
      await executor.endAll('the test is over');
      context.watcher.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
