import type { Context } from 'hono';
import { readJson } from '../http.ts';
import type { Instance } from '../instance.ts';
import type { Job } from '../model/pipeline.ts';
import { isProtectedBranch } from '../model/project.ts';
import type { Runner } from '../model/runner.ts';
import { startJob } from '../pipelines/lifecycle.ts';
import { isAvailableTo } from '../runners.ts';
import { authenticateRunner, contactManager } from './authentication.ts';
import { jobPayload } from './job-payload.ts';
import { jobRequestSchema } from './schemas.ts';

/** `POST /jobs/request`: 201 with a job, or 204 with the queue's value, which the runner sends with its next request. */
export async function requestJob(context: Context, instance: Instance): Promise<Response> {
  const body = await readJson(context, instance, jobRequestSchema);
  const runner = authenticateRunner(context, instance, body.token);
  const manager = contactManager(instance, runner, body);
  manager.jobRequests += 1;
  instance.hub.publish({
    type: 'runner-contact',
    at: instance.now(),
    runner,
    manager,
    request: 'jobs/request',
  });
  if (body.last_update) await queueChange(instance, body.last_update, context.req.raw.signal);
  const active = !context.req.raw.signal.aborted && !runner.revoked && !runner.paused;
  const unchanged = body.last_update === instance.queueValue;
  const job = active && !unchanged ? nextJob(instance, runner) : undefined;
  if (!job) return context.body(null, 204, { 'X-GitLab-Last-Update': instance.queueValue });
  startJob(instance, job, runner, manager);
  return context.json(jobPayload(instance, job), 201);
}

/** Holds a request as Workhorse does, until the queue changes, the client disconnects, or the long poll times out. */
async function queueChange(instance: Instance, lastUpdate: string, signal: AbortSignal): Promise<void> {
  const { longPollMs } = instance.settings;
  if (longPollMs === 0 || lastUpdate !== instance.queueValue) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const unsubscribe = instance.hub.subscribe(() => {
    if (lastUpdate !== instance.queueValue) resolve();
  });
  const timer = setTimeout(resolve, longPollMs);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
  unsubscribe();
}

/** The longest pending job that the runner may take. */
function nextJob(instance: Instance, runner: Runner): Job | undefined {
  const waiting = [...instance.jobs.values()].filter(
    (job) => job.status === 'pending' && mayTake(runner, job),
  );
  return waiting.sort((a, b) => (a.queuedAt?.getTime() ?? 0) - (b.queuedAt?.getTime() ?? 0))[0];
}

/** A runner needs all tags of a job, or `runUntagged` for a job without tags. It may be limited to protected branches. */
function mayTake(runner: Runner, job: Job): boolean {
  const { project, ref } = job.pipeline;
  if (!isAvailableTo(runner, project)) return false;
  if (runner.accessLevel === 'ref_protected' && !isProtectedBranch(project, ref)) return false;
  const tags = job.definition.tags ?? [];
  return tags.length === 0 ? runner.runUntagged : tags.every((tag) => runner.tags.includes(tag));
}
