import type { Context } from 'hono';
import { idParameter, readJson } from '../http.ts';
import type { Instance } from '../instance.ts';
import type { Job, TraceDecision } from '../model/pipeline.ts';
import { finishJob } from '../pipelines/lifecycle.ts';
import { authenticateJob } from './authentication.ts';
import { type UpdateJob, updateJobSchema } from './schemas.ts';

/** How long GitLab waits for the rest of a log before it accepts a final state without it (`ACCEPT_TIMEOUT`). */
const ACCEPT_TIMEOUT_MS = 5 * 60_000;

/**
 * `PUT /jobs/:id`: 200 if the state was accepted. 202 if the final state arrives before the whole log: the runner sends the rest
 * and repeats the update (Ci::UpdateBuildStateService). A wrong checksum is accepted, as in GitLab, and recorded.
 */
export async function updateJob(context: Context, instance: Instance): Promise<Response> {
  const body = await readJson(context, instance, updateJobSchema);
  const job = authenticateJob(context, instance, idParameter(context, 'id'), body.token);
  job.updates += 1;
  const status =
    body.state === 'success' || body.state === 'failed'
      ? applyFinalState(instance, job, body, body.state)
      : 200;
  if (job.traceDecision === 'invalid') {
    const message = `the log's checksum is ${job.trace.checksum}, the runner's ${body.output?.checksum ?? body.checksum}`;
    instance.recordProtocolError({ method: 'PUT', path: context.req.path, status, message });
  }
  return context.json(`${status}`, status, {
    'Job-Status': job.status,
    'X-GitLab-Trace-Update-Interval': `${instance.settings.traceUpdateInterval}`,
  });
}

function applyFinalState(
  instance: Instance,
  job: Job,
  body: UpdateJob,
  state: 'success' | 'failed',
): 200 | 202 {
  job.traceDecision = decideTrace(job, body);
  const now = instance.now();
  job.finalUpdateSince ??= now;
  const waited = now.getTime() - job.finalUpdateSince.getTime();
  if (job.traceDecision === 'incomplete' && waited < ACCEPT_TIMEOUT_MS) return 202;
  finishJob(instance, job, state, { failureReason: body.failure_reason, exitCode: body.exit_code });
  return 200;
}

/** Compares the received log with the runner's size and checksum. Older runners send no size, the oldest neither. */
function decideTrace(job: Job, body: UpdateJob): TraceDecision {
  const checksum = body.output?.checksum ?? body.checksum;
  const bytesize = body.output?.bytesize;
  if (bytesize !== undefined && job.trace.size < bytesize) return 'incomplete';
  if (checksum === undefined) return 'unchecked';
  return checksum === job.trace.checksum ? 'valid' : 'invalid';
}
