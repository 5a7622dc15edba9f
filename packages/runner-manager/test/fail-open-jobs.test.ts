import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../src/logger.ts';
import { failOpenJobs } from '../src/manager/fail-open-jobs.ts';

const REASON = "The gitlab-runner of this job's manager ended (SIGKILL).";
const jobs = [
  { jobId: 42, token: 'token-of-42' },
  { jobId: 43, token: 'token-of-43' },
];

/** What GitLab has of a job. */
interface KnownJob {
  token: string;
  log: string;
  end?: unknown;
}

let server: Server;
let known: Map<string, KnownJob>;
let lines: string[];

beforeEach(async () => {
  lines = [];
  known = new Map(jobs.map(({ jobId, token }) => [`/api/v4/jobs/${jobId}`, { token, log: 'so far\n' }]));
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => server.close());

/** Like GitLab: 403 for a wrong token, 416 for bytes that do not continue the log. */
async function answer(request: IncomingMessage, response: ServerResponse) {
  const body = await text(request);
  const job = known.get((request.url ?? '').replace(/\/trace$/, ''));
  const token = request.headers['job-token'] ?? (request.method === 'PUT' ? JSON.parse(body).token : '');
  if (!job || job.token !== token) return response.writeHead(403).end();
  if (request.method === 'PUT') {
    job.end = JSON.parse(body);
    return response.end('200');
  }
  const [, start, end] = /^(\d+)-(\d+)$/.exec(String(request.headers['content-range'])) ?? [];
  const fits =
    Number(start) === job.log.length && Number(end) - Number(start) + 1 === Buffer.byteLength(body);
  if (!fits) return response.writeHead(416, { range: `0-${job.log.length}` }).end();
  job.log += body;
  return response.writeHead(202, { range: `0-${job.log.length}` }).end();
}

function failAll() {
  const gitlabUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const logger = createLogger('DEBUG', (line) => lines.push(line));
  return failOpenJobs({ gitlabUrl, fetch, logger }, jobs, REASON);
}

describe('jobs whose runner died', () => {
  it('fail as system failures, with the reason at the end of their logs', async () => {
    await failAll();
    for (const { jobId, token } of jobs) {
      const job = known.get(`/api/v4/jobs/${jobId}`);
      expect(job?.log).toBe(`so far\n\n\u001b[31;1mERROR: ${REASON}\u001b[0;m\n`);
      expect(job?.end).toEqual({ token, state: 'failed', failure_reason: 'runner_system_failure' });
    }
  });

  it('are skipped if GitLab ended them before, without delaying the others', async () => {
    known.delete('/api/v4/jobs/42');
    await failAll();
    expect(known.get('/api/v4/jobs/43')?.end).toBeDefined();
    expect(lines.join()).toContain('its log: status 403');
    expect(lines.join()).not.toContain('token-of');
  });

  it('are skipped if GitLab is unreachable', async () => {
    await new Promise((resolve) => server.close(resolve));
    const gone = failOpenJobs(
      { gitlabUrl: 'http://127.0.0.1:1', fetch, logger: createLogger('DEBUG', (line) => lines.push(line)) },
      jobs,
      REASON,
    );
    await gone;
    expect(lines).toHaveLength(2);
  });
});
