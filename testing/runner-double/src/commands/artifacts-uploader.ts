import { openAsBlob } from 'node:fs';
import { copyFile, lstat, mkdtemp, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from '../archive/gzip.ts';
import { createZip } from '../archive/zip.ts';
import type { Environment } from '../environment.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { describe, send } from '../network/http.ts';
import { type Arguments, parseArguments } from './arguments.ts';
import { expandEnvironment } from './expand-environment.ts';
import { CREDENTIAL_OPTIONS, type JobCredentials, readCredentials } from './job-credentials.ts';
import { SELECTION_OPTIONS, selectFiles } from './select-files.ts';

/** The real runner's attempts; more if the server reports that it is unavailable. */
const MAX_ATTEMPTS = { failed: 3, unavailable: 6 } as const;

const UPLOADER_OPTIONS = {
  ...CREDENTIAL_OPTIONS,
  ...SELECTION_OPTIONS,
  verbose: 'flag',
  name: 'text',
  'expire-in': 'text',
  'artifact-format': 'text',
  'artifact-type': 'text',
  'compression-level': 'text',
  timeout: 'text',
  'response-header-timeout': 'text',
  'transfer-meter-frequency': 'text',
} as const;

type Upload = {
  readonly file: string;
  readonly name: string;
  readonly query: string;
  readonly label: string;
};

/** `artifacts-uploader`: archives and uploads the selected files. Returns the exit code; having no files is not a failure. */
export async function artifactsUploader(
  argv: readonly string[],
  environment: Environment,
  log: Logger,
  directory: string,
): Promise<number> {
  const args = parseArguments(argv, UPLOADER_OPTIONS);
  const credentials = readCredentials(args, environment);
  if (credentials === undefined) {
    log.fatal('Missing runner credentials or build ID: --url, --token and --id are required');
    return 1;
  }
  const files = await selectFiles(args, environment, directory, log);
  if (files.length === 0) {
    log.error('No files to upload');
    return 0;
  }
  const name = expandEnvironment(args.text('name'), environment.inherited);
  const staging = await mkdtemp(join(environment.TMPDIR, 'artifacts'));
  try {
    const upload = await pack(args, name, files, directory, staging);
    return await uploadWithRetries(upload, credentials, log);
  } catch (error) {
    log.fatal(messageOf(error));
    return 1;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function pack(
  args: Arguments,
  archiveName: string,
  files: readonly string[],
  directory: string,
  staging: string,
): Promise<Upload> {
  const requestedFormat = args.text('artifact-format');
  const format = requestedFormat === '' ? 'zip' : requestedFormat;
  const base = basename(archiveName === '' ? 'artifacts' : archiveName) || 'default';
  const file = join(staging, 'archive');
  const type = args.text('artifact-type');
  const query = new URLSearchParams();
  if (args.text('expire-in') !== '') query.set('expire_in', args.text('expire-in'));
  if (requestedFormat !== '') query.set('artifact_format', requestedFormat);
  if (type !== '') query.set('artifact_type', type);
  const label =
    type === ''
      ? 'Uploading artifacts to coordinator...'
      : `Uploading artifacts as "${type}" to coordinator...`;
  const suffix = { zip: '.zip', gzip: '.gz', raw: '' }[format];
  if (suffix === undefined)
    throw new Error(`artifact format ${format} is not supported: use zip, gzip or raw`);
  if (format === 'zip') await createZip(file, directory, files);
  else if (format === 'gzip') await createGzip(file, directory, files);
  else await copySingleFile(file, directory, files);
  return { file, name: base + suffix, query: query.toString(), label };
}

async function copySingleFile(target: string, directory: string, files: readonly string[]): Promise<void> {
  const [only, ...others] = files;
  if (only === undefined || others.length > 0)
    throw new Error('the raw archiver supports a single file only');
  if (!(await lstat(resolve(directory, only))).isFile()) throw new Error(`${only}: not a regular file`);
  await copyFile(resolve(directory, only), target);
}

async function uploadWithRetries(upload: Upload, credentials: JobCredentials, log: Logger): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await uploadOnce(upload, credentials, log);
    if (result.kind === 'done') return 0;
    if (result.kind === 'rejected') {
      log.fatal(result.reason);
      return 1;
    }
    if (attempt >= MAX_ATTEMPTS[result.kind]) {
      log.fatal(result.reason);
      return 1;
    }
    log.warning('Retrying...', { context: 'artifacts-uploader', error: result.reason });
    await sleep(1000);
  }
}

type UploadResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'rejected' | 'failed' | 'unavailable'; readonly reason: string };

async function uploadOnce(upload: Upload, credentials: JobCredentials, log: Logger): Promise<UploadResult> {
  const reply = await send(credentials.url, {
    method: 'POST',
    path: `jobs/${credentials.id}/artifacts?${upload.query}`,
    headers: { 'JOB-TOKEN': credentials.token },
    body: async () => {
      const form = new FormData();
      form.append('file', await openAsBlob(upload.file, { type: 'application/octet-stream' }), upload.name);
      return form;
    },
  });
  const status = await describe(reply);
  const fields = { id: credentials.id, responseStatus: status };
  switch (reply.status) {
    case 201:
      log.info(`${upload.label} ${status}`, fields);
      return { kind: 'done' };
    case 403:
      log.error(`${upload.label} ${status}`, fields);
      return { kind: 'rejected', reason: 'permission denied' };
    case 413:
      log.error(`${upload.label} ${status}`, fields);
      return { kind: 'rejected', reason: 'too large' };
    case 503:
      log.error(`${upload.label} ${status}`, fields);
      return { kind: 'unavailable', reason: 'service unavailable' };
    default:
      log.warning(`${upload.label} ${status}`, fields);
      return { kind: 'failed', reason: `upload failed: ${status}` };
  }
}
