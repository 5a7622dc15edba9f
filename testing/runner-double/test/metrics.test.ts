import { afterEach, describe, expect, it } from 'vitest';
import { Logger } from '../src/log.ts';
import { Health } from '../src/run/health.ts';
import { type RunnerFacts, renderMetrics, serveMetrics } from '../src/run/metrics.ts';
import { runnerFrom } from './support/context.ts';

const config = runnerFrom('name = "a \\"name\\""\ntoken = "glrt-abcdefghijkl"\nlimit = 5');
const running = { state: 'running', stage: 'step_script', executorStage: 'run' } as const;

function samples(facts: Partial<RunnerFacts>): string[] {
  const text = renderMetrics(
    [{ config, systemId: 's_1', jobs: [], jobsTotal: 0, requests: 0, responses: new Map(), ...facts }],
    4,
  );
  return text.split('\n').filter((line) => line.startsWith('gitlab_runner_jobs{'));
}

const labels = (stage: string, executorStage: string, state: string) =>
  `{executor_stage="${executorStage}",runner="abcdefghi",runner_name="a \\"name\\"",stage="${stage}",state="${state}",system_id="s_1"}`;

describe('gitlab_runner_jobs', () => {
  it('has a sample of 0 for an idle runner', () => {
    expect(samples({})).toEqual([`gitlab_runner_jobs${labels('idle', 'idle', 'idle')} 0`]);
  });

  it('counts jobs by state and stage', () => {
    const pending = { state: 'pending', stage: '', executorStage: '' } as const;
    expect(samples({ jobs: [running, running, pending] })).toEqual([
      `gitlab_runner_jobs${labels('idle', 'idle', 'idle')} 0`,
      `gitlab_runner_jobs${labels('step_script', 'run', 'running')} 2`,
      `gitlab_runner_jobs${labels('', '', 'pending')} 1`,
    ]);
  });
});

describe('job requests', () => {
  it('are counted: pending ones, and responses by status', () => {
    const responses = new Map([[204, 7]]);
    const text = renderMetrics(
      [{ config, systemId: 's_1', jobs: [], jobsTotal: 0, requests: 2, responses }],
      4,
    );
    expect(text).toMatch(/^gitlab_runner_request_concurrency\{.*system_id="s_1"\} 2$/m);
    expect(text).toMatch(
      /^gitlab_runner_api_request_statuses_total\{endpoint="request_job",.*status="204".*\} 7$/m,
    );
  });
});

describe('serveMetrics', () => {
  let stop = () => {};
  afterEach(() => stop());

  it('serves only /metrics', async () => {
    const server = await serveMetrics('127.0.0.1:0', () => 'text\n');
    stop = () => server.close();
    const address = server.address();
    const base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const answer = await fetch(`${base}/metrics`, { headers: { Connection: 'close' } });
    expect([answer.status, await answer.text()]).toEqual([200, 'text\n']);
    expect((await fetch(`${base}/other`, { headers: { Connection: 'close' } })).status).toBe(404);
  });
});

describe('Health', () => {
  it('disables a runner after three consecutive rejections, and enables it after the interval', () => {
    let now = 0;
    const lines: string[] = [];
    const log = new Logger({ format: 'runner', level: 'info' }, {}, (line) => lines.push(line));
    const health = new Health(config, log, () => now);
    for (const healthy of [false, false, true, false, false]) health.record(healthy);
    expect(health.isHealthy()).toBe(true);
    health.record(false);
    expect(health.isHealthy()).toBe(false);
    expect(lines.at(-1)).toContain('is unhealthy and will be disabled for 1h0m0s seconds!');
    now = 3_600_001;
    expect(health.isHealthy()).toBe(true);
  });
});
