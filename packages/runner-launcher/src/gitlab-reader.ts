import type { Timing } from '@serverless-gitlab-runner/aws/calls';
import { createFetch } from '@serverless-gitlab-runner/aws/https';
import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';
import { askGitLab, type GitLabAnswer, isTransient } from './gitlab-request.ts';
import type { RefProtection } from './match-fleet.ts';
import type { ApiTokens } from './read-api-token.ts';

/** The fields of a job that are needed here. @see https://docs.gitlab.com/api/jobs/#get-a-single-job */
const jobSchema = z.object({
  id: z.int(),
  status: z.string(),
  ref: z.string(),
  /** Whether `ref` is a git tag. */
  tag: z.boolean(),
  tag_list: z.array(z.string()),
  pipeline: z.object({ id: z.int(), project_id: z.int() }),
});
const protectedSchema = z.object({ protected: z.boolean() });

export type GitLabJob = z.infer<typeof jobSchema>;

export interface GitLabReader {
  job(fleet: FleetConfig, projectId: number, jobId: number): Promise<GitLabAnswer<GitLabJob>>;
  /** Whether a job's branch or git tag is protected. */
  refProtection(fleet: FleetConfig, job: Pick<GitLabJob, 'ref' | 'tag' | 'pipeline'>): Promise<RefProtection>;
  /** The newest 100 jobs of a project that wait for a runner. */
  pendingJobs(fleet: FleetConfig, project: number | string): Promise<GitLabAnswer<GitLabJob[]>>;
}

/** GitLab's maximum page size. */
export const PENDING_JOBS_PER_PAGE = 100;

const ATTEMPTS = 2;
const PAUSE_MS = 250;

/** Milliseconds for one attempt, and for all requests of a batch: a failing GitLab must not use up the Lambda's time. */
const BOUNDS = { attemptMs: 3000, batchMs: 8000 };

/** Reads from GitLab for one batch: no request is sent twice, and no answer is awaited for more than a few seconds. */
export function createGitLabReader(tokens: ApiTokens, timing: Timing, bounds = BOUNDS): GitLabReader {
  const answers = new Map<string, Promise<GitLabAnswer<unknown>>>();
  const { attemptMs, batchMs } = bounds;
  const context = { tokens, timing, attemptMs, deadlineAt: timing.now() + batchMs };

  /** A remembered answer has lost its type, so it is parsed again with the schema of its path. */
  const askOnce = async <Value>(
    fleet: FleetConfig,
    path: string,
    schema: z.ZodType<Value>,
  ): Promise<GitLabAnswer<Value>> => {
    const key = `${fleet.name} ${path}`;
    const pending = answers.get(key) ?? ask(fleet, path, schema, context);
    answers.set(key, pending);
    const answer = await pending;
    return answer.kind === 'failed' ? answer : { kind: 'ok', value: schema.parse(answer.value) };
  };

  return {
    job: (fleet, projectId, jobId) => askOnce(fleet, `/projects/${projectId}/jobs/${jobId}`, jobSchema),
    async refProtection(fleet, { ref, tag, pipeline }) {
      // Whether a merge request's ref is protected depends on a project setting and on both of its branches.
      if (ref.startsWith('refs/')) return 'unknown';
      const kind = tag ? 'tags' : 'branches';
      const path = `/projects/${pipeline.project_id}/repository/${kind}/${encodeURIComponent(ref)}`;
      const answer = await askOnce(fleet, path, protectedSchema);
      if (answer.kind === 'failed') return 'unknown';
      return answer.value.protected ? 'protected' : 'not-protected';
    },
    pendingJobs: (fleet, project) =>
      askOnce(
        fleet,
        `/projects/${encodeURIComponent(project)}/jobs?scope[]=pending&per_page=${PENDING_JOBS_PER_PAGE}`,
        z.array(jobSchema),
      ),
  };
}

interface RequestContext {
  tokens: ApiTokens;
  timing: Timing;
  attemptMs: number;
  /** Milliseconds since 1970. */
  deadlineAt: number;
}

async function ask<Value>(
  { name, gitlabUrl }: FleetConfig,
  path: string,
  schema: z.ZodType<Value>,
  { tokens, timing, attemptMs, deadlineAt }: RequestContext,
): Promise<GitLabAnswer<Value>> {
  const reading = await tokens.read(name);
  if ('missing' in reading)
    return {
      kind: 'failed',
      why: reading.isTransient ? 'failing' : 'token-unusable',
      detail: reading.missing,
    };
  const { token, authorities } = reading;
  const fetch = createFetch(authorities);
  for (let attempt = 1; ; attempt += 1) {
    const timeoutMs = Math.min(attemptMs, deadlineAt - timing.now());
    if (timeoutMs <= 0) return { kind: 'failed', why: 'unreachable', detail: 'no time left in this batch' };
    const answer = await askGitLab({ gitlabUrl, path, schema, timeoutMs, token, fetch });
    if (answer.kind === 'ok') return answer;
    if (!isTransient(answer.why) || attempt === ATTEMPTS) {
      // Unreachable: perhaps because its certificate is by an authority that was stored since.
      if (answer.why === 'unauthorized' || answer.why === 'unreachable') tokens.forget(name);
      return answer;
    }
    await timing.sleep(PAUSE_MS);
  }
}
