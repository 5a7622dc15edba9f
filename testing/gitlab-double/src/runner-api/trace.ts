import type { Context } from 'hono';
import { ApiError } from '../errors.ts';
import { idParameter, readBody } from '../http.ts';
import type { Instance } from '../instance.ts';
import { authenticateJob } from './authentication.ts';

/** GitLab's default limit for a job log, 100 MB. */
const TRACE_LIMIT = 100 * 1024 * 1024;

/** `PATCH /jobs/:id/trace`: 202 if the bytes continue the log, otherwise 416 with the offset to continue from. */
export async function patchTrace(context: Context, instance: Instance): Promise<Response> {
  const job = authenticateJob(context, instance, idParameter(context, 'id'), undefined);
  const range = contentRange(context.req.header('content-range'));
  const bytes = await readBody(context, TRACE_LIMIT);
  const at = instance.now();
  const fits = range.end - range.start + 1 === bytes.length;
  const outcome = fits ? job.trace.append(range.start, bytes, at) : 'mismatch';
  const headers = {
    'Job-Status': job.status,
    Range: `0-${job.trace.size}`,
    'X-GitLab-Trace-Update-Interval': `${instance.settings.traceUpdateInterval}`,
  };
  if (outcome === 'mismatch') throw new ApiError(416, '416 Range Not Satisfiable', { headers });
  if (outcome === 'appended') instance.hub.publish({ type: 'job-trace', at, job, bytes: bytes.length });
  return context.body(null, 202, headers);
}

function contentRange(header: string | undefined): { start: number; end: number } {
  if (header === undefined) throw new ApiError(400, '400 Missing header Content-Range');
  const [, start, end] = /^(\d+)-(\d+)$/.exec(header) ?? [];
  if (start === undefined || end === undefined) {
    throw new ApiError(400, `400 Content-Range is ${header}, expected <first byte>-<last byte>`);
  }
  return { start: Number(start), end: Number(end) };
}
