import type { Context } from 'hono';
import { ApiError } from '../errors.ts';
import type { Instance } from '../instance.ts';
import type { Job } from '../model/pipeline.ts';
import type { Runner, RunnerManager } from '../model/runner.ts';
import type { RunnerInfo } from './schemas.ts';

/** GitLab's name for the manager of a runner that sends no `system_id`. */
const LEGACY_SYSTEM_ID = '<legacy>';

/** Finds the runner by the token in the body or the `RUNNER-TOKEN` header. Throws 400 without a token, 403 for a wrong one. */
export function authenticateRunner(
  context: Context,
  instance: Instance,
  bodyToken: string | undefined,
): Runner {
  const token = bodyToken ?? context.req.header('runner-token');
  if (!token) throw new ApiError(400, 'token is missing', { validation: true });
  const runner = instance.runnerByToken(token);
  if (!runner) throw new ApiError(403, '403 Forbidden');
  return runner;
}

/** Creates or updates the record of the calling manager. */
export function contactManager(
  instance: Instance,
  runner: Runner,
  contact: { system_id?: string | undefined; info?: RunnerInfo | undefined },
): RunnerManager {
  const systemId = contact.system_id ?? LEGACY_SYSTEM_ID;
  const now = instance.now();
  const existing = runner.managers.get(systemId);
  const manager = existing ?? {
    id: instance.nextId('manager'),
    systemId,
    info: null,
    createdAt: now,
    contactedAt: now,
    jobRequests: 0,
  };
  manager.contactedAt = now;
  manager.info = contact.info ?? manager.info;
  runner.managers.set(systemId, manager);
  return manager;
}

/**
 * Finds the running job of a request. Throws 403 for a wrong token, and 403 with `Job-Status` for a job that is not running.
 * Never 404: any proxy in between could have sent that (lib/api/ci/helpers/runner.rb).
 */
export function authenticateJob(
  context: Context,
  instance: Instance,
  id: number,
  bodyToken: string | undefined,
): Job {
  const job = instance.jobs.get(id);
  const token = bodyToken ?? context.req.header('job-token') ?? context.req.query('token');
  if (!job || job.token !== token) throw new ApiError(403, '403 Forbidden');
  if (!job.tokenValid) {
    // A runner whose job was canceled may still send updates; a runner that reported the final state must not.
    const violation = job.status === 'success' || job.status === 'failed';
    const headers = { 'Job-Status': job.status };
    throw new ApiError(403, '403 Forbidden - Job is not running', { headers, violation });
  }
  if (job.manager) job.manager.contactedAt = instance.now();
  return job;
}
