import { afterAll } from 'vitest';
import * as z from 'zod';
import {
  type GitLabDouble,
  type GitLabDoubleOptions,
  type Job,
  type JobDefinition,
  type PipelineDefinition,
  type Project,
  type Runner,
  startGitLabDouble,
} from '../src/index.ts';

/** A double with one runner and one project with one commit. Stopped after the file's tests. */
export interface Fixture {
  gitlab: GitLabDouble;
  project: Project;
  runner: Runner;
}

const started: GitLabDouble[] = [];
afterAll(async () => {
  await Promise.all(started.map((gitlab) => gitlab.stop()));
});

export async function startFixture(options: Partial<GitLabDoubleOptions> = {}): Promise<Fixture> {
  const gitlab = await startGitLabDouble({ host: '127.0.0.1', ...options });
  started.push(gitlab);
  const project = await gitlab.createProject({ path: 'acme/shop', description: 'A shop' });
  await gitlab.pushCommit(project, { files: { 'README.md': '# Shop\n' }, message: 'first commit' });
  return { gitlab, project, runner: gitlab.createRunner({ description: 'test runner' }) };
}

/** One pipeline with one stage, `test`. */
export function singleStage(...jobs: Partial<JobDefinition>[]): PipelineDefinition {
  return {
    stages: ['test'],
    jobs: jobs.map((job, index) => ({ name: `job-${index}`, stage: 'test', script: ['true'], ...job })),
  };
}

export interface CallOptions {
  headers?: Record<string, string>;
  body?: unknown;
}

/** Calls the API. Strings, bytes and forms are sent as they are, other bodies as JSON. */
export async function call(
  gitlab: GitLabDouble,
  method: string,
  path: string,
  { headers = {}, body }: CallOptions = {},
): Promise<Response> {
  const encoded = body === undefined || isRaw(body) ? body : JSON.stringify(body);
  const json = encoded === body ? [] : [['Content-Type', 'application/json']];
  const init: RequestInit = { method, headers: { ...Object.fromEntries(json), ...headers } };
  if (encoded !== undefined) init.body = encoded;
  return fetch(`${gitlab.url}/api/v4${path}`, init);
}

function isRaw(body: unknown): body is string | Uint8Array<ArrayBuffer> | FormData {
  return typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
}

/** The `id` in a response: of the assigned job or the created runner. */
export async function idOf(response: Response): Promise<number> {
  return z.looseObject({ id: z.number() }).parse(await response.json()).id;
}

/** Creates a job and lets a runner take it. */
export async function runningJob(fixture: Fixture, definition: Partial<JobDefinition> = {}): Promise<Job> {
  const { gitlab, project, runner } = fixture;
  const pipeline = await gitlab.createPipeline(project, singleStage(definition));
  const response = await call(gitlab, 'POST', '/jobs/request', {
    body: { token: runner.token, system_id: 's_test', info: { features: { cancel_gracefully: true } } },
  });
  const id = await idOf(response);
  const job = pipeline.jobs.find((candidate) => candidate.id === id);
  if (!job) throw new Error(`the runner received job ${id}, which does not belong to the new pipeline`);
  return job;
}

export function patch(
  gitlab: GitLabDouble,
  job: Job,
  range: string,
  bytes: string | Uint8Array,
): Promise<Response> {
  const headers = { 'JOB-TOKEN': job.token, 'Content-Range': range, 'Content-Type': 'text/plain' };
  return call(gitlab, 'PATCH', `/jobs/${job.id}/trace?debug_trace=false`, { headers, body: bytes });
}

export function put(gitlab: GitLabDouble, job: Job, body: Record<string, unknown>): Promise<Response> {
  return call(gitlab, 'PUT', `/jobs/${job.id}`, { body: { token: job.token, ...body } });
}
