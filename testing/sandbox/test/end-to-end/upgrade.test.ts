import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListTasksCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { GetParametersByPathCommand } from '@aws-sdk/client-ssm';
import { emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import { MANAGER_CONTAINER, managerFamily, taskIdOf } from '@serverless-gitlab-runner/fleet';
import type { Job, Project } from '@serverless-gitlab-runner/gitlab-double';
import type { deployAll } from '@serverless-gitlab-runner/infra';
import { Cleanup, packPackages, REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import { LocalRegistry, publishRelease, ScratchProject } from '@serverless-gitlab-runner/registry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { EventTap } from '../../src/suites/faults/event-tap.ts';
import { pinImage, prepareMachine } from '../../src/system/prepare-machine.ts';
import { startTestEnvironment, type TestEnvironment } from '../../src/system/test-environment.ts';
import { Gate } from './support/gate.ts';
import { runSgr } from './support/run-sgr.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);
const cleanup = new Cleanup(log);

/** Lower than every released version. */
const PREVIOUS = '0.0.9';
const { version: CURRENT }: { version: string } = JSON.parse(
  readFileSync(join(REPOSITORY_ROOT, 'packages/cli/package.json'), 'utf8'),
);
const PACKAGES = 'node_modules/@serverless-gitlab-runner';
const FLEET = 'default';

let registry: LocalRegistry;
/** Names of the managers' image by release. */
let images: { previous: string; current: string };
let environment: TestEnvironment;
let tap: EventTap;
let project: Project;
let gate: Gate;

beforeAll(async () => {
  const machine = await prepareMachine({ log, cleanup, demoImages: false });
  images = {
    previous: await pinImage(machine.images.manager, `${machine.runId}-previous`, cleanup),
    current: await pinImage(machine.images.manager, `${machine.runId}-current`, cleanup),
  };
  await packPackages(log);
  registry = await LocalRegistry.start();
  cleanup.add('the registry', () => registry.stop());
  const previous = await install(PREVIOUS);
  const { deployAll: deploy } = (await import(
    pathToFileURL(join(previous.folder, PACKAGES, 'infra/dist/operate.mjs')).href
  )) as { deployAll: typeof deployAll };
  environment = await startTestEnvironment({
    log,
    cleanup,
    machine: { ...machine, images: { ...machine.images, manager: images.previous } },
    deploy,
    runner: { description: 'the default fleet' },
    fleets: async () => ({
      fleet: {
        // One manager for one job: another job has to wait for the next manager.
        manager: { max: 1, concurrentJobs: 1, checkIntervalSeconds: 1, drainPollSeconds: 0.5 },
        job: { size: { cpu: 256, memory: 512 } },
      },
    }),
  });
  const { emulator, gitlab, system } = environment;
  const client = emulatorClient(emulator.endpoint);
  tap = await EventTap.start(
    new EventBridgeClient(client),
    new SQSClient(client),
    system.outputs.EventBusName,
  );
  gate = await Gate.at(emulator.gatewayAddress);
  cleanup.add('the gate', () => gate.close());
  project = await gitlab.createProject({ path: 'team/app' });
  await gitlab.pushCommit(project, { message: 'first', files: { 'README.md': '# App\n' } });
  gitlab.addWebhook({
    url: `${system.outputs.WebhookUrl}?fleet=${FLEET}`,
    token: system.webhookSecret,
    projectId: project.id,
  });
}, 10 * 60_000);

afterAll(() => cleanup.run(), 60_000);

/** Publishes a release to the registry of this test, and installs it as a user does. */
async function install(version: string): Promise<ScratchProject> {
  await publishRelease(registry, version);
  const scratch = await ScratchProject.create(registry);
  cleanup.add(`the installation of ${version}`, () => scratch.remove());
  await scratch.install(`@serverless-gitlab-runner/cli@${version}`);
  return scratch;
}

/** Runs `sgr` of an installed release. */
async function sgr({ folder }: ScratchProject, ...args: string[]) {
  const resolver = fileURLToPath(new URL('support/resolve-function-urls.mjs', import.meta.url));
  const { emulator, gitlab } = environment;
  const env = { GITLAB_TOKEN: gitlab.privateToken, NODE_OPTIONS: `--import=${resolver}` };
  const done = await runSgr(emulator, args, env, join(folder, PACKAGES, 'cli/dist/sgr.mjs'));
  log(`sgr ${args.join(' ')} → ${done.code}\n${done.stdout}${done.stderr}`);
  return done;
}

async function queue(name: string, ...script: string[]): Promise<Job> {
  const { jobs } = await environment.gitlab.createPipeline(project, {
    stages: ['test'],
    jobs: [{ name, stage: 'test', script }],
  });
  const [job] = jobs;
  if (!job) throw new Error('the pipeline has no job');
  return job;
}

/** Every task of ECS, running and stopped; one ended test is not old enough for ECS to forget any. */
async function tasks(): Promise<Task[]> {
  const { ecs, outputs } = environment.system;
  const cluster = outputs.ClusterArn;
  const listed = await Promise.all(
    (['RUNNING', 'STOPPED'] as const).map((desiredStatus) =>
      ecs.send(new ListTasksCommand({ cluster, desiredStatus })),
    ),
  );
  const arns = [...new Set(listed.flatMap(({ taskArns = [] }) => taskArns))];
  return (await ecs.send(new DescribeTasksCommand({ cluster, tasks: arns }))).tasks ?? [];
}

const definitionOf = ({ taskDefinitionArn = '' }: Task) =>
  taskDefinitionArn.slice(taskDefinitionArn.lastIndexOf('/') + 1);
const isManager = (task: Task) => definitionOf(task).startsWith(`${managerFamily(FLEET)}:`);

/** Managers, the oldest first. */
async function managers(): Promise<Task[]> {
  const all = (await tasks()).filter(isManager);
  return all.toSorted((one, other) => Number(one.createdAt) - Number(other.createdAt));
}

const imageOf = ({ containers = [] }: Task) =>
  containers.find(({ name }) => name === MANAGER_CONTAINER)?.image;

/** What differs between two deployed releases. */
async function deployed() {
  const { system, emulator } = environment;
  const lambda = new LambdaClient(emulatorClient(emulator.endpoint));
  const { WebhookReceiverFunction, RunnerLauncherFunction, IdleReaperFunction } = system.outputs;
  const functions = [WebhookReceiverFunction, RunnerLauncherFunction, IdleReaperFunction];
  const code = await Promise.all(
    functions.map(async (FunctionName) => {
      const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName }));
      return Configuration?.CodeSha256 ?? '';
    }),
  );
  const { taskDefinition } = await system.ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: managerFamily(FLEET) }),
  );
  return { code, revision: taskDefinition?.revision ?? 0 };
}

/** Values of all parameters, by name. */
async function parameters(): Promise<Record<string, string>> {
  const { ssm, outputs } = environment.system;
  const { Parameters = [] } = await ssm.send(
    new GetParametersByPathCommand({
      Path: `${outputs.ParameterPrefix}/fleets`,
      Recursive: true,
      WithDecryption: true,
    }),
  );
  return Object.fromEntries(Parameters.map(({ Name = '', Value = '' }) => [Name, Value]));
}

const statusSchema = z.object({
  managers: z.array(z.looseObject({ taskId: z.string(), state: z.string(), isOutdated: z.boolean() })),
});

async function managerStatus(release: ScratchProject) {
  const { stdout } = await sgr(release, 'status', '--json');
  return statusSchema.parse(JSON.parse(stdout)).managers;
}

describe(`an upgrade from ${PREVIOUS} to ${CURRENT}, while one job runs and another one waits`, () => {
  let current: ScratchProject;
  let before: Awaited<ReturnType<typeof deployed>>;
  let parametersBefore: Record<string, string>;
  let old: Task;
  let running: Job;
  let waiting: Job;

  it('begins with a manager of the previous release', { timeout: 60_000 }, async () => {
    const { gitlab } = environment;
    running = await queue('long', 'echo begun', gate.script, 'echo ended');
    await gitlab.waitForJob(running.id, ({ trace }) => trace.text.includes('begun'), 50_000);
    waiting = await queue('waiting', 'echo with the next manager');
    await gitlab.deliveriesSettled();
    const [manager, ...others] = await managers();
    expect(others).toEqual([]);
    if (!manager) throw new Error('no manager runs');
    old = manager;
    expect(imageOf(old)).toBe(images.previous);
    before = await deployed();
    parametersBefore = await parameters();
  });

  it('replaces the Lambdas and the definition of managers, and no parameter', {
    timeout: 3 * 60_000,
  }, async () => {
    current = await install(CURRENT);
    expect((await sgr(current, '--version')).stdout.trim()).toBe(CURRENT);
    const settings = JSON.stringify({ runnerImage: images.current });
    const done = await sgr(current, 'init', '--project', 'team/app', '--yes', '--settings', settings);
    expect(done.code, done.stderr).toBe(0);
    const after = await deployed();
    expect(after.revision).toBe(before.revision + 1);
    for (const [index, sha] of after.code.entries()) expect(sha).not.toBe(before.code[index]);
    expect(await parameters()).toEqual(parametersBefore);
  });

  it('leaves the old manager and its job running, and sgr status tells', { timeout: 60_000 }, async () => {
    expect([running.status, waiting.status]).toEqual(['running', 'pending']);
    const all = await managers();
    expect(all.map(({ taskArn, lastStatus }) => [taskArn, lastStatus])).toEqual([[old.taskArn, 'RUNNING']]);
    expect(await managerStatus(current)).toMatchObject([
      { taskId: taskIdOf(old.taskArn ?? ''), state: 'running', isOutdated: true },
    ]);
    expect((await sgr(current, 'status')).stdout).toContain('npx sgr drain replaces it');
  });

  it('runs the waiting job on a manager of the new release after sgr drain, while the old one works', {
    timeout: 3 * 60_000,
  }, async () => {
    expect((await sgr(current, 'drain')).code).toBe(0);
    const drainedAt = Date.now();
    await environment.gitlab.waitForJob(waiting.id, undefined, 150_000);
    expect(waiting.status, waiting.trace.text).toBe('success');
    log(`The waiting job ran ${Math.round((Date.now() - drainedAt) / 1000)} s after the drain`);
    expect(running.status).toBe('running');
    const [first, second, ...others] = await managers();
    expect(others).toEqual([]);
    expect(first?.taskArn).toBe(old.taskArn);
    expect(imageOf(second ?? {})).toBe(images.current);
    expect(definitionOf(second ?? {})).toBe(`${managerFamily(FLEET)}:${before.revision + 1}`);
    expect(await managerStatus(current)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ taskId: taskIdOf(second?.taskArn ?? ''), isOutdated: false }),
        expect.objectContaining({ taskId: taskIdOf(old.taskArn ?? ''), state: 'draining', isOutdated: true }),
      ]),
    );
  });

  it('lets the old manager finish its job, and leave', { timeout: 2 * 60_000 }, async () => {
    const { gitlab, observer } = environment;
    await gate.open();
    await gitlab.waitForJob(running.id, undefined, 60_000);
    expect(running.status, running.trace.text).toBe('success');
    expect(running.trace.text).toContain('ended');
    await observer.waitUntil(
      'the end of the old manager',
      60_000,
      () => observer.find(old.taskArn ?? '')?.lastStatus === 'STOPPED',
    );
    const [ended] = await managers();
    expect(ended).toMatchObject({ stopCode: 'EssentialContainerExited' });
    expect(ended?.containers?.map(({ exitCode }) => exitCode)).toEqual([0]);
  });

  it('loses no job, runs none twice, and no event of either release is invalid', async () => {
    const { gitlab, observer } = environment;
    const jobTasks = observer.tasks.filter(({ role }) => role === 'job');
    expect(jobTasks.map(({ jobId }) => jobId).sort()).toEqual([running.id, waiting.id].sort());
    expect([...gitlab.jobs.values()].map(({ status, retried }) => [status, retried])).toEqual([
      ['success', false],
      ['success', false],
    ]);
    expect(gitlab.protocolErrors).toEqual([]);
    const ends = (await tap.read()).filter(({ name }) => name === 'JobTaskFinished');
    expect(ends.map(({ detail }) => detail.jobId).sort()).toEqual([running.id, waiting.id].sort());
    const { stdout } = await sgr(current, 'doctor', '--project', 'team/app');
    expect(stdout).not.toMatch(/dead-letters|launch-failed|manager-crashed|receiver-failing/);
  });
});
