import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extractZip } from '../archive/zip.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { parseArguments } from './arguments.ts';

/** `cache-extractor`: unpacks `--file`, fetched from `--url` when there is one. Returns the exit code; no cache is 1, as in the real one. */
export async function cacheExtractor(
  argv: readonly string[],
  log: Logger,
  directory: string,
): Promise<number> {
  const args = parseArguments(argv, {
    file: 'text',
    url: 'text',
    'alternate-url': 'text',
    timeout: 'text',
    'env-file': 'text',
  });
  if (args.text('file') === '') {
    log.fatal('Missing cache file');
    return 1;
  }
  const file = resolve(directory, args.text('file'));
  try {
    if (args.text('url') !== '') await download(args.text('url'), file);
    else {
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

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function download(url: string, file: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok || response.body === null)
    throw new Error(`received: ${response.status} ${response.statusText}`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
}
