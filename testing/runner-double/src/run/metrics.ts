import { createServer, type Server } from 'node:http';
import type { JobStatus } from '../build/run-job.ts';
import { type RunnerConfig, shortToken } from '../config.ts';
import { VERSION } from '../version.ts';

/** The facts shown in the metrics. */
export type RunnerFacts = {
  readonly config: RunnerConfig;
  readonly systemId: string;
  readonly jobs: readonly JobStatus[];
  /** Jobs taken since the program started. */
  readonly jobsTotal: number;
  /** Job requests that GitLab has not answered yet. */
  readonly requests: number;
  /** Number of responses to job requests, by status. */
  readonly responses: ReadonlyMap<number, number>;
};

/** Metrics with one sample per runner. */
const PER_RUNNER: readonly {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  value(facts: RunnerFacts): number;
}[] = [
  {
    name: 'gitlab_runner_jobs_total',
    help: 'Total number of handled jobs',
    type: 'counter',
    value: ({ jobsTotal }) => jobsTotal,
  },
  {
    name: 'gitlab_runner_limit',
    help: 'The current value of runner limit',
    type: 'gauge',
    value: ({ config }) => config.limit,
  },
  {
    name: 'gitlab_runner_request_concurrency',
    help: 'The current number of concurrent requests for a new job',
    type: 'gauge',
    value: ({ requests }) => requests,
  },
];

function sample(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const text = Object.keys(labels)
    .sort()
    .map((key) => `${key}="${(labels[key] ?? '').replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`);
  return `${name}{${text.join(',')}} ${value}`;
}

/** Renders the Prometheus text of `/metrics`. Each runner has a sample of 0 with state `idle`. */
export function renderMetrics(runners: readonly RunnerFacts[], concurrent: number): string {
  const lines = [
    '# HELP gitlab_runner_concurrent The current value of concurrent setting',
    '# TYPE gitlab_runner_concurrent gauge',
    `gitlab_runner_concurrent ${concurrent}`,
    '# HELP gitlab_runner_jobs The current number of running builds.',
    '# TYPE gitlab_runner_jobs gauge',
  ];
  for (const runner of runners) lines.push(...jobSamples(runner));
  for (const { name, help, type, value } of PER_RUNNER) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const runner of runners) lines.push(sample(name, identity(runner), value(runner)));
  }
  lines.push('# HELP gitlab_runner_api_request_statuses_total The total number of api requests.');
  lines.push('# TYPE gitlab_runner_api_request_statuses_total counter');
  for (const runner of runners) lines.push(...responseSamples(runner));
  lines.push(
    '# HELP gitlab_runner_version_info A metric with a constant 1 labeled by different build stats fields.',
  );
  lines.push('# TYPE gitlab_runner_version_info gauge');
  const { name, version, revision, os, architecture } = VERSION;
  lines.push(sample('gitlab_runner_version_info', { name, version, revision, os, architecture }, 1));
  return `${lines.join('\n')}\n`;
}

function identity({ config, systemId }: RunnerFacts) {
  return { runner: shortToken(config.token), runner_name: config.name, system_id: systemId };
}

function responseSamples(runner: RunnerFacts): string[] {
  const { runner: token, system_id } = identity(runner);
  return [...runner.responses].map(([status, count]) => {
    const labels = { runner: token, system_id, endpoint: 'request_job', status: String(status) };
    return sample('gitlab_runner_api_request_statuses_total', labels, count);
  });
}

function jobSamples(runner: RunnerFacts): string[] {
  const counts = new Map<string, number>();
  const labels = (state: string, stage: string, executor_stage: string) =>
    JSON.stringify({ ...identity(runner), state, stage, executor_stage });
  counts.set(labels('idle', 'idle', 'idle'), 0);
  for (const { state, stage, executorStage } of runner.jobs) {
    const key = labels(state, stage, executorStage);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => sample('gitlab_runner_jobs', JSON.parse(key), count));
}

/** Serves `/metrics` on `host:port` (the host may be empty). @throws if it cannot listen on the address */
export async function serveMetrics(address: string, render: () => string): Promise<Server> {
  const at = address.lastIndexOf(':');
  const host = at < 0 ? address : address.slice(0, at).replace(/^\[|\]$/g, '');
  const port = at < 0 ? 9252 : Number(address.slice(at + 1));
  const server = createServer((request, response) => {
    const found = request.url === '/metrics' && (request.method === 'GET' || request.method === 'HEAD');
    response.writeHead(found ? 200 : 404, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(found ? render() : 'not found\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host === '' ? undefined : host, resolve);
  });
  // Open connections to the metrics must not keep the process alive.
  server.unref();
  return server;
}
