import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ListTaskDefinitionFamiliesCommand } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, GetParametersByPathCommand } from '@aws-sdk/client-ssm';
import { emulatorClient, taskContainers } from '@serverless-gitlab-runner/aws-emulator';
import { parameterNames } from '@serverless-gitlab-runner/fleet';
import type { Job, Project, Webhook } from '@serverless-gitlab-runner/gitlab-double';
import { Cleanup, until } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { EventTap } from '../../src/suites/faults/event-tap.ts';
import { prepareMachine } from '../../src/system/prepare-machine.ts';
import { startTestEnvironment, type TestEnvironment } from '../../src/system/test-environment.ts';
import { runSgr } from './support/run-sgr.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);
const cleanup = new Cleanup(log);

let environment: TestEnvironment;
let project: Project;
let tap: EventTap;
let hook: Webhook;

beforeAll(async () => {
  const machine = await prepareMachine({ log, cleanup, demoImages: false });
  environment = await startTestEnvironment({
    log,
    cleanup,
    machine,
    runner: { description: 'the default fleet' },
    fleets: async () => ({
      fleet: {
        manager: { checkIntervalSeconds: 1, drainPollSeconds: 0.5, idleSeconds: 300 },
        job: { size: { cpu: 256, memory: 512 } },
      },
    }),
  });
  const { gitlab, system } = environment;
  project = await gitlab.createProject({ path: 'team/app' });
  await gitlab.pushCommit(project, { message: 'first', files: { 'README.md': '# App\n' } });
  hook = gitlab.addWebhook({
    url: `${system.outputs.WebhookUrl}?fleet=default`,
    token: system.webhookSecret,
    projectId: project.id,
    events: { pipeline: false },
  });
  const client = clientOptions();
  tap = await EventTap.start(
    new EventBridgeClient(client),
    new SQSClient(client),
    system.outputs.EventBusName,
  );
}, 5 * 60_000);

afterAll(() => cleanup.run(), 60_000);

const clientOptions = () => emulatorClient(environment.emulator.endpoint);

/** Runs `sgr` as a user does, without a terminal. */
async function sgr(args: readonly string[], env: Record<string, string> = {}) {
  const done = await runSgr(environment.emulator, args, env);
  log(`sgr ${args.join(' ')} → ${done.code}\n${done.stdout}${done.stderr}`);
  return done;
}

const withToken = () => ({ GITLAB_TOKEN: environment.gitlab.privateToken });

async function queue(script: string): Promise<Job> {
  const { jobs } = await environment.gitlab.createPipeline(project, {
    stages: ['test'],
    jobs: [{ name: 'unit', stage: 'test', script: [script] }],
  });
  const [job] = jobs;
  if (!job) throw new Error('the pipeline has no job');
  return job;
}

async function succeeds(job: Job): Promise<void> {
  const { status, trace } = await environment.gitlab.waitForJob(job.id, undefined, 120_000);
  expect(status, trace.text).toBe('success');
}

/** A stored secret; undefined if it does not exist. */
async function secret(name: 'runnerToken' | 'webhookSecret' | 'previousWebhookSecret') {
  const { ssm, outputs, fleet } = environment.system;
  const Name = parameterNames(outputs.ParameterPrefix, fleet)[name];
  const read = ssm.send(new GetParameterCommand({ Name, WithDecryption: true }));
  return read.then(
    ({ Parameter }) => Parameter?.Value,
    () => undefined,
  );
}

const runsSchema = z.array(z.looseObject({ jobId: z.number(), outcome: z.string().optional() }));
const costSchema = z.object({
  rows: z.array(z.object({ name: z.string() })),
  total: z.object({ costUsd: z.number(), tasks: z.number() }),
});

describe('sgr jobs, cost and logs', () => {
  let jobs: Job[];

  it('lists what ran, with waiting time and cost', { timeout: 4 * 60_000 }, async () => {
    jobs = [await queue('echo one'), await queue('echo two')];
    for (const job of jobs) await succeeds(job);
    const runs = await until(
      'the ends of both jobs in the log',
      async () => {
        const { stdout } = await sgr(['jobs', '--json']);
        const found = runsSchema.parse(JSON.parse(stdout));
        return found.filter(({ outcome }) => outcome === 'completed').length === 2 ? found : undefined;
      },
      30_000,
      1000,
    );
    expect(runs.map(({ jobId }) => jobId).sort()).toEqual(jobs.map(({ id }) => id).sort());
    for (const run of runs)
      expect(run).toMatchObject({
        ...{ projectPath: 'team/app', ref: 'main', jobName: 'unit', fleet: 'default' },
        ...{ waitedSeconds: expect.any(Number), seconds: expect.any(Number), costUsd: expect.any(Number) },
      });
  });

  it('sums exactly the costs of the events on the bus', async () => {
    const finished = (await tap.read()).filter(({ name }) => name === 'JobTaskFinished');
    const sum = finished.reduce((total, { detail }) => total + Number(detail.estimatedCostUsd), 0);
    const { stdout } = await sgr(['cost', '--by', 'branch', '--json']);
    const { rows, total } = costSchema.parse(JSON.parse(stdout));
    expect(rows.map(({ name }) => name)).toEqual(['team/app main']);
    expect(total.tasks).toBe(finished.length);
    expect(total.costUsd).toBeCloseTo(sum, 10);
    expect(sum).toBeGreaterThan(0);
  });

  it.each([80, 140])('fits %i columns', async (columns) => {
    const env = { COLUMNS: `${columns}` };
    for (const args of [['jobs'], ['cost'], ['logs', `${jobs[0]?.id}`]]) {
      const { code, stdout } = await sgr(args, env);
      expect(code).toBe(0);
      const words = (line: string) => line.trim().split(' ').length;
      expect(stdout.split('\n').filter((line) => line.length > columns && words(line) > 1)).toEqual([]);
      expect(stdout).not.toContain('\u001b');
    }
  });

  it('joins the logs of all parts about a job, in the order of time', async () => {
    const { stdout } = await sgr(['logs', `${jobs[0]?.id}`, '--json', '--follow']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => z.object({ at: z.string(), source: z.string() }).parse(JSON.parse(line)));
    const sources = [...new Set(lines.map(({ source }) => source))];
    expect(sources).toEqual(expect.arrayContaining(['receiver', 'launcher', 'manager']));
    expect(lines.map(({ at }) => at)).toEqual(lines.map(({ at }) => at).toSorted());
  });
});

describe('sgr rotate webhook-secret', () => {
  /** Runs a job whose webhooks have this secret. */
  const sendWith = async (token: string | null) => {
    hook.token = token;
    await succeeds(await queue('echo sent'));
  };

  it('stores a new secret, sets it in GitLab, and accepts both', { timeout: 120_000 }, async () => {
    const old = environment.system.webhookSecret;
    const { code, stdout } = await sgr(['rotate', 'webhook-secret', '--json'], withToken());
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      changed: [`webhook ${hook.id} of project ${project.id}`],
      unchanged: [],
    });
    expect(await secret('previousWebhookSecret')).toBe(old);
    expect(hook.token).toBe(await secret('webhookSecret'));
    expect(hook.token).not.toBe(old);
    const fresh = hook.token;
    await sendWith(old);
    hook.token = fresh;
  });

  it('continues if it is run again, without a third secret', async () => {
    const before = hook.token;
    const { code } = await sgr(['rotate', 'webhook-secret'], withToken());
    expect({ code, token: hook.token }).toEqual({ code: 0, token: before });
  });

  it('does not finish while a project sends the previous one', { timeout: 180_000 }, async () => {
    const finish = (code: number, message: string) =>
      until(
        `--finish to say ${message}`,
        async () => {
          const done = await sgr(['rotate', 'webhook-secret', '--finish']);
          return done.code === code && `${done.stdout}${done.stderr}`.includes(message) ? done : undefined;
        },
        90_000,
        1000,
      );
    const old = environment.system.webhookSecret;
    const fresh = hook.token;
    // A webhook with the new secret makes the receiver read both; without it, it would know the new one within a minute.
    await sendWith(fresh);
    await sendWith(old);
    await finish(1, `project ${project.id} still had the previous secret`);
    expect(await secret('previousWebhookSecret')).toBe(old);
    await sendWith(fresh);
    await finish(0, 'Only the new webhook secret');
    expect(await secret('previousWebhookSecret')).toBeUndefined();
  });
});

describe('sgr rotate runner-token', () => {
  it('loses neither a running job nor a queued one', { timeout: 4 * 60_000 }, async () => {
    const running = await queue('echo begun; sleep 15');
    await environment.gitlab.waitForJob(running.id, ({ trace }) => trace.text.includes('begun'), 90_000);
    const old = await secret('runnerToken');
    const { code } = await sgr(['rotate', 'runner-token']);
    expect(code).toBe(0);
    const next = await queue('echo with the new token');
    await succeeds(running);
    await succeeds(next);
    const [runner] = environment.gitlab.runners.values();
    expect(await secret('runnerToken')).toBe(runner?.token);
    expect(runner?.token).not.toBe(old);
  });

  it('recovers from a death between the answer of GitLab and the store', {
    timeout: 4 * 60_000,
  }, async () => {
    const { gitlab } = environment;
    await fetch(`${gitlab.url}/api/v4/runners/reset_authentication_token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: await secret('runnerToken') }),
    });
    const [runner] = gitlab.runners.values();
    const stuck = await sgr(['rotate', 'runner-token']);
    expect(stuck.code).toBe(1);
    expect(stuck.stderr).toContain(`gets runner ${runner?.id} a new one`);
    expect((await sgr(['rotate', 'runner-token'], withToken())).code).toBe(0);
    expect(await secret('runnerToken')).toBe(runner?.token);
    await succeeds(await queue('echo after the recovery'));
  });
});

describe('sgr drain', () => {
  it('lets managers finish and end', { timeout: 3 * 60_000 }, async () => {
    const running = await queue('echo begun; sleep 10');
    await environment.gitlab.waitForJob(running.id, ({ trace }) => trace.text.includes('begun'), 90_000);
    const { code, stdout } = await sgr(['drain', '--wait', '--json']);
    expect(code).toBe(0);
    const { drained, ...left } = z.looseObject({ drained: z.array(z.string()) }).parse(JSON.parse(stdout));
    expect(left).toEqual({ managers: 0, jobs: 0 });
    expect(drained).toHaveLength(1);
    await succeeds(running);
    await environment.observer.waitUntil('the end of the drained manager', 20_000, (tasks) =>
      tasks.some(({ taskArn, lastStatus }) => drained.includes(taskArn) && lastStatus === 'STOPPED'),
    );
  });
});

describe('sgr destroy', () => {
  it('refuses without a confirmation, and lists what it would remove', async () => {
    const { code, stderr } = await sgr(['destroy']);
    expect(code).toBe(2);
    expect(stderr).toContain('confirm with --yes');
    expect(await secret('runnerToken')).toBeDefined();
  });

  async function logGroupNames(): Promise<string[]> {
    const { logGroups = [] } = await new CloudWatchLogsClient(clientOptions()).send(
      new DescribeLogGroupsCommand({ logGroupNamePrefix: `${environment.system.outputs.ParameterPrefix}/` }),
    );
    return logGroups.map(({ logGroupName = '' }) => logGroupName).sort();
  }

  it('keeps only the log groups with --keep-logs', { timeout: 3 * 60_000 }, async () => {
    const before = await logGroupNames();
    expect(before).toHaveLength(5);
    const { code, stdout } = await sgr(['destroy', '--now', '--yes', '--keep-logs'], withToken());
    expect(code).toBe(0);
    expect(await logGroupNames()).toEqual(before);
    const [removed, stays] = stdout.split('What stays:');
    expect(removed).toContain('stacks (4)');
    expect(removed).not.toContain('log groups');
    expect(stays?.replaceAll(/\s+/g, ' ')).toContain(
      'Log groups (5): /serverless-gitlab-runner/idle-reaper, ',
    );
    const again = await sgr(['destroy', '--yes', '--keep-logs']);
    expect(again.stdout).toContain('Nothing of this installation is left');
    expect(await logGroupNames()).toEqual(before);
  });

  it('leaves nothing in AWS, nor at GitLab of what it knows', { timeout: 3 * 60_000 }, async () => {
    const { gitlab, system, observer, machine } = environment;
    const { code, stdout } = await sgr(['destroy', '--now', '--yes'], withToken());
    expect(code).toBe(0);
    expect(stdout).toContain('log groups (5)');
    await observer.stop();
    const Path = system.outputs.ParameterPrefix;
    const { Parameters } = await system.ssm.send(new GetParametersByPathCommand({ Path, Recursive: true }));
    const { families } = await system.ecs.send(
      new ListTaskDefinitionFamiliesCommand({ familyPrefix: 'serverless-gitlab-runner' }),
    );
    const logs = await logGroupNames();
    expect({ Parameters, families, logs }).toEqual({ Parameters: [], families: [], logs: [] });
    expect(await taskContainers(machine.runId)).toEqual([]);
    expect([...gitlab.webhooks.keys()]).not.toContain(hook.id);
    expect([...gitlab.runners.values()].map(({ revoked }) => revoked)).toEqual([true]);
    expect(gitlab.protocolErrors).toEqual([]);
  });
});
