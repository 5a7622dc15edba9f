import { createReadStream } from 'node:fs';
import { lstat, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { createZip } from '../archive/zip.ts';
import type { Environment } from '../environment.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { parseArguments } from './arguments.ts';
import { cleanUrl, expectSuccess, request, withRetries } from './retry.ts';
import { SELECTION_OPTIONS, selectFiles } from './select-files.ts';

/** `cache-archiver`: archives the selected files to `--file` and uploads it to `--url`, if given. Returns the exit code. */
export async function cacheArchiver(
  argv: readonly string[],
  environment: Environment,
  log: Logger,
  directory: string,
): Promise<number> {
  const args = parseArguments(argv, {
    file: 'text',
    'alternate-file': 'text',
    ...SELECTION_OPTIONS,
    url: 'text',
    header: 'texts',
    timeout: 'text',
    'env-file': 'text',
    metadata: 'text',
    'compression-level': 'text',
    'compression-format': 'text',
    'max-uploaded-archive-size': 'text',
  });
  if (args.text('file') === '') {
    log.fatal('Missing --file');
    return 1;
  }
  const file = resolve(directory, args.text('file'));
  const files = await selectFiles(args, environment, directory, log);
  if (files.length === 0) {
    log.warning('No files to cache.');
    return 0;
  }
  try {
    if (await isUpToDate(file, directory, files)) {
      log.info('Archive is up to date!');
      return 0;
    }
    await writeArchive(file, directory, files);
    const url = args.text('url');
    if (url !== '' && (await isTooLarge(file, Number(args.text('max-uploaded-archive-size')), log))) return 0;
    if (url !== '') await withRetries(log, () => upload(file, url, args.texts('header'), log));
    else {
      log.info(
        'No URL provided, cache will not be uploaded to shared cache server. Cache will be stored only locally.',
      );
    }
    return 0;
  } catch (error) {
    log.fatal(messageOf(error));
    return 1;
  }
}

async function isUpToDate(file: string, directory: string, files: readonly string[]): Promise<boolean> {
  const archive = await stat(file).catch(() => undefined);
  if (archive === undefined) return false;
  const times = await Promise.all(files.map(async (name) => (await lstat(resolve(directory, name))).mtimeMs));
  return times.every((time) => time <= archive.mtimeMs);
}

/** Whether an archive exceeds the size limit in bytes and stays on disk; 0 means no limit. */
async function isTooLarge(file: string, limit: number, log: Logger): Promise<boolean> {
  const { size } = await stat(file);
  if (limit === 0 || size <= limit) return false;
  log.info(
    `Cache archive size (${size}) is too big (Limit is set to ${limit}). Cache will be stored only locally.`,
  );
  return true;
}

/** Writes to a temporary name first: a job that reads the cache meanwhile sees either the old or the new archive. */
async function writeArchive(file: string, directory: string, files: readonly string[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  try {
    await createZip(temporary, directory, files);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function upload(file: string, url: string, headers: readonly string[], log: Logger): Promise<void> {
  log.info('Using presigned URL for cache upload');
  log.info(`Uploading ${basename(file)} to ${cleanUrl(url)}`);
  const { size, mtime } = await stat(file);
  const response = await request(url, {
    method: 'PUT',
    headers: {
      'Content-Length': String(size),
      'Content-Type': 'application/octet-stream',
      'Last-Modified': mtime.toUTCString(),
      ...Object.fromEntries(headers.map((line) => splitHeader(line))),
    },
    body: Readable.toWeb(createReadStream(file)),
    duplex: 'half',
  });
  await expectSuccess(response);
}

function splitHeader(line: string): [string, string] {
  const at = line.indexOf(':');
  return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}
