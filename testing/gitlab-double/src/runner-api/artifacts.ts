import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Context } from 'hono';
import * as z from 'zod';
import { ApiError } from '../errors.ts';
import { idParameter, readBody } from '../http.ts';
import type { Instance } from '../instance.ts';
import { ARTIFACT_FORMATS, ARTIFACT_TYPES, type Artifact } from '../model/artifact.ts';
import type { Job } from '../model/pipeline.ts';
import { authenticateJob } from './authentication.ts';

/** Maximum bytes of multipart framing around the file. */
const FRAMING = 64 * 1024;

const optionsSchema = z.object({
  artifact_type: z.enum(ARTIFACT_TYPES).default('archive'),
  artifact_format: z.enum(ARTIFACT_FORMATS).default('zip'),
  expire_in: z.string().optional(),
});

/** `POST /jobs/:id/artifacts/authorize`: whether an upload would be accepted. */
export function authorizeArtifacts(context: Context, instance: Instance): Response {
  authenticateJob(context, instance, idParameter(context, 'id'), undefined);
  const filesize = Number(context.req.query('filesize') ?? 0);
  if (filesize > instance.settings.artifactSizeLimit) throw tooLarge();
  return context.json({ MaximumSize: instance.settings.artifactSizeLimit });
}

/** `POST /jobs/:id/artifacts`: a multipart form with the `file`. The options are in the query or in the form. Answers 201. */
export async function uploadArtifacts(context: Context, instance: Instance): Promise<Response> {
  const job = authenticateJob(context, instance, idParameter(context, 'id'), undefined);
  const form = await readForm(context, instance.settings.artifactSizeLimit + FRAMING);
  const file = form.get('file');
  if (!(file instanceof File)) throw new ApiError(400, 'file is missing', { validation: true });
  if (file.size > instance.settings.artifactSizeLimit) throw tooLarge();
  const artifact = await store(instance, job, file, uploadOptions(context, form));
  instance.hub.publish({ type: 'artifact', at: artifact.uploadedAt, job, artifact });
  return context.json('201', 201);
}

/**
 * `GET /jobs/:id/artifacts`: the archive. Accepts the job's own token, and the token of a running job of the same project, which
 * jobs of later stages use.
 */
export async function downloadArtifacts(context: Context, instance: Instance): Promise<Response> {
  const token = context.req.header('job-token') ?? context.req.query('token');
  if (!token) throw new ApiError(401, '401 Unauthorized');
  const job = instance.jobs.get(idParameter(context, 'id'));
  const caller = instance.jobByToken(token);
  const allowed = caller && caller.pipeline.project === job?.pipeline.project;
  if (!job || !(allowed || job.token === token)) throw new ApiError(403, '403 Forbidden');
  if (!job.archive) throw new ApiError(404, '404 Not Found');
  const bytes = await readFile(job.archive.path);
  return context.body(new Uint8Array(bytes), 200, {
    'Content-Type': job.archive.format === 'zip' ? 'application/zip' : 'application/octet-stream',
    'Content-Length': `${bytes.length}`,
    'Content-Disposition': `attachment; filename="${job.archive.filename}"`,
  });
}

async function readForm(context: Context, limit: number): Promise<FormData> {
  const body = await readBody(context, limit);
  const headers = { 'content-type': context.req.header('content-type') ?? '' };
  try {
    return await new Response(body, { headers }).formData();
  } catch {
    throw new ApiError(400, 'file is invalid: the body is not a multipart form', { validation: true });
  }
}

function uploadOptions(context: Context, form: FormData): z.infer<typeof optionsSchema> {
  const fields = [...form.entries()].filter(
    (field): field is [string, string] => typeof field[1] === 'string',
  );
  const result = optionsSchema.safeParse({ ...Object.fromEntries(fields), ...context.req.query() });
  if (result.success) return result.data;
  const names = result.error.issues.map(({ path }) => `${path.join('.')} does not have a valid value`);
  throw new ApiError(400, names.join(', '), { validation: true });
}

async function store(
  instance: Instance,
  job: Job,
  file: File,
  options: z.infer<typeof optionsSchema>,
): Promise<Artifact> {
  const bytes = Buffer.from(await file.arrayBuffer());
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const type = options.artifact_type;
  const existing = job.artifacts.find((artifact) => artifact.type === type);
  // The same file is a retry and accepted; a different file is rejected (Ci::JobArtifacts::CreateService).
  if (existing?.sha256 === sha256) return existing;
  if (existing) throw new ApiError(400, 'another artifact of the same type already exists');
  const directory = join(instance.settings.dataDir, 'artifacts', `${job.id}`);
  await mkdir(directory, { recursive: true });
  const filename = basename(file.name);
  const path = join(directory, `${type}-${filename}`);
  await writeFile(path, bytes);
  const { artifact_format: format, expire_in: expireIn = null } = options;
  const uploadedAt = instance.now();
  const artifact: Artifact = {
    type,
    format,
    filename,
    size: bytes.length,
    sha256,
    expireIn,
    path,
    uploadedAt,
  };
  job.artifacts.push(artifact);
  if (type === 'dotenv') job.dotenv = readDotenv(bytes);
  return artifact;
}

/** Parses a dotenv report, one variable a line (Ci::ParseDotenvArtifactService). */
function readDotenv(gzipped: Buffer): Record<string, string> {
  const lines = gunzipSync(gzipped).toString('utf8').split(/\r?\n/);
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, key, value] = /^([A-Za-z0-9_]+)=(.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value.replace(/^(["'])(.*)\1$/, '$2')]];
    }),
  );
}

function tooLarge(): ApiError {
  return new ApiError(413, '413 Request Entity Too Large');
}
