import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extractZip } from '../archive/zip.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { parseArguments } from './arguments.ts';
import { cleanUrl, expectSuccess, RetryableError, request, withRetries } from './retry.ts';

/**
 * `cache-extractor`: extracts `--file`, downloaded from `--url`, if given. Returns the exit code; a missing cache yields 1, as in
 * the real runner.
 */
export async function cacheExtractor(
  argv: readonly string[],
  log: Logger,
  directory: string,
): Promise<number> {
  const args = parseArguments(argv, {
    file: 'text',
    url: 'text',
    'head-url': 'text',
    'alternate-url': 'text',
    'alternate-head-url': 'text',
    timeout: 'text',
    'env-file': 'text',
  });
  if (args.text('file') === '') {
    log.fatal('Missing cache file');
    return 1;
  }
  const file = resolve(directory, args.text('file'));
  try {
    const url = await newerUrl({
      url: args.text('url'),
      headUrl: args.text('head-url'),
      alternateUrl: args.text('alternate-url'),
      alternateHeadUrl: args.text('alternate-head-url'),
    });
    if (url !== '') {
      const problem = await withRetries(log, () => download(url, file, log)).then(() => undefined, messageOf);
      if (problem !== undefined) {
        log.warning(problem);
        return 1;
      }
    } else {
      log.info(
        'No URL provided, cache will not be downloaded from shared cache server. Instead a local version of cache will be extracted.',
      );
    }
    if (!(await exists(file))) {
      log.warning('Cache file does not exist');
      return 1;
    }
    await extractZip(file, directory);
    return 0;
  } catch (error) {
    log.fatal(messageOf(error));
    return 1;
  }
}

interface CacheSources {
  url: string;
  headUrl: string;
  alternateUrl: string;
  alternateHeadUrl: string;
}

/** Selects the newer of a cache's two objects; the first one if that cannot be determined. */
async function newerUrl({ url, headUrl, alternateUrl, alternateHeadUrl }: CacheSources): Promise<string> {
  if (alternateUrl === '') return url;
  const time = await modifiedAt(headUrl || url);
  const alternateTime = await modifiedAt(alternateHeadUrl || alternateUrl);
  if (alternateTime === undefined) return url;
  return time === undefined || alternateTime > time ? alternateUrl : url;
}

/** An object's modification time in milliseconds since 1970; undefined if it is missing, forbidden, or has no time. */
async function modifiedAt(url: string): Promise<number | undefined> {
  const response = await fetch(url, { method: 'HEAD' }).catch(() => undefined);
  const time =
    response?.status === 200 ? Date.parse(response.headers.get('last-modified') ?? '') : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/**
 * Downloads to a temporary name first: an incomplete download must not be used as an archive. The file gets the object's
 * modification time, as in the real runner.
 */
async function download(url: string, file: string, log: Logger): Promise<void> {
  log.info('Using presigned URL for cache download');
  const response = await request(url);
  if (response.status === 404) throw new Error('file does not exist');
  await expectSuccess(response);
  const modified = new Date(response.headers.get('last-modified') ?? Number.NaN);
  if (!Number.isNaN(modified.getTime()) && (await isAsNew(file, modified))) {
    log.info(`${basename(file)} is up to date`);
    await response.body?.cancel();
    return;
  }
  log.info(`Downloading ${basename(file, '.zip')} from ${cleanUrl(url)}`, {
    ETag: response.headers.get('etag') ?? '',
  });
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  try {
    await save(response, temporary);
    if (!Number.isNaN(modified.getTime())) await utimes(temporary, new Date(), modified);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function save(response: Response, file: string): Promise<void> {
  if (response.body === null) throw new RetryableError('the response has no body');
  try {
    await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
  } catch (error) {
    throw new RetryableError(messageOf(error));
  }
}

async function isAsNew(file: string, modified: Date): Promise<boolean> {
  const local = await stat(file).catch(() => undefined);
  return local !== undefined && modified.getTime() <= local.mtimeMs;
}
