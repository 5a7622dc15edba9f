import { BASE_LOG_FIELDS } from '@serverless-gitlab-runner/fleet';
import { Cleanup } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_PIPELINES } from '../../src/suites/demo/pipelines.ts';
import { startStopwatch } from '../../src/suites/demo/stopwatch.ts';
import { runWholeLoop, type WholeLoop } from '../../src/suites/demo/whole-loop.ts';
import { prepareMachine } from '../../src/system/prepare-machine.ts';
import { logGroupTexts } from '../../src/system/readable-texts.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);
const cleanup = new Cleanup(log);
let loop: WholeLoop;

beforeAll(async () => {
  const machine = await prepareMachine({ log, cleanup, demoImages: true });
  const signal = new AbortController().signal;
  loop = await runWholeLoop({ log, cleanup, signal, machine, clock: startStopwatch() });
}, 10 * 60_000);

afterAll(() => cleanup.run(), 60_000);

/** The JSON lines of every log group. */
async function logLines(): Promise<LogLine[]> {
  const texts = await logGroupTexts(loop.system.logs);
  return texts.flatMap(({ text }) => text.split('\n').flatMap(parseLine));
}

interface LogLine {
  service?: string;
  message?: string;
}

/** Of a line that the emulator's Lambda prefixes, too. Lines of gitlab-runner are not JSON. */
function parseLine(line: string): LogLine[] {
  const [json] = /\{".*\}$/.exec(line) ?? [];
  return json === undefined ? [] : [JSON.parse(json)];
}

const jobNames = DEMO_PIPELINES.flatMap(({ expectations }) => Object.keys(expectations));

describe('five pipelines by webhook, from zero and back to zero', () => {
  it.each(jobNames)('ends job %s as expected', (name) => {
    const job = loop.jobs.find((entry) => entry.job.name === name);
    expect(job?.problems, job?.job.trace.text).toEqual([]);
  });

  it('makes no request that GitLab refuses', () => {
    expect(loop.protocolErrors).toEqual([]);
  });

  it('runs every job in a task of its own', () => {
    const arns = loop.report.jobs.map(({ taskArn }) => taskArn);
    expect(arns).not.toContain(null);
    expect(new Set(arns).size).toBe(loop.jobs.length);
  });

  it('starts one manager for all jobs, and at least three concurrent job tasks', () => {
    expect(loop.report.managersStarted).toBe(1);
    expect(loop.report.peakJobTasks).toBeGreaterThanOrEqual(3);
  });

  it('drains the manager by its tag, and the manager exits by itself', () => {
    expect(loop.report.drainedByTag).toBe(true);
  });

  it('leaves no task in ECS and no container in Docker', () => {
    expect(loop.report).toMatchObject({ tasksLeft: 0, containersLeft: 0 });
  });

  it('answers webhooks of queued and finished jobs with 202, and all others with 204', () => {
    const answers = loop.gitlab.deliveries.map(({ event, requestBody, status }) => {
      const body = JSON.parse(requestBody) as { build_status?: string };
      return { what: event === 'Job Hook' ? body.build_status : event, status };
    });
    expect(answers.length).toBeGreaterThan(0);
    for (const { what, status } of answers) {
      const isRelevant = ['pending', 'success', 'failed', 'canceled'].includes(what ?? '');
      expect({ what, status }).toEqual({ what, status: isRelevant ? 202 : 204 });
    }
  });

  it('logs each job from its webhook to its end, in lines of one shape', async () => {
    const lines = await logLines();
    for (const { job } of loop.jobs) {
      const own = lines.filter((line) => JSON.stringify(line).match(new RegExp(`"jobId":${job.id}[,}]`)));
      const said = own.map(({ service, message }) => `${service}: ${message}`);
      expect(said, job.name).toEqual(
        expect.arrayContaining([
          'webhook-receiver: webhook answered',
          'runner-launcher: jobs decided',
          'runner-manager: job taken',
          'runner-manager: job task started',
          'runner-manager: job ready',
          'runner-manager: script started',
          'runner-manager: job ended',
          'job-helper: helper ready',
        ]),
      );
      for (const line of own)
        expect(line).toMatchObject(
          Object.fromEntries(BASE_LOG_FIELDS.map((name) => [name, expect.anything()])),
        );
      expect(own).toContainEqual(
        expect.objectContaining({ message: 'script started', queuedToScriptSeconds: expect.any(Number) }),
      );
    }
  });

  it('removes the runner manager from GitLab when it exits', () => {
    const managers = [...loop.gitlab.runners.values()].flatMap((runner) => [...runner.managers.values()]);
    expect(managers).toEqual([]);
  });
});
