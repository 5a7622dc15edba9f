import { createWriteStream } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readGzip } from '../archive/gzip.ts';
import { extractZip } from '../archive/zip.ts';
import type { Environment } from '../environment.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { describe, send } from '../network/http.ts';
import { parseArguments } from './arguments.ts';
import { CREDENTIAL_OPTIONS, type JobCredentials, readCredentials } from './job-credentials.ts';

/** The first attempt and the real runner's two retries. */
const MAX_ATTEMPTS = 3;

const LABEL = 'Downloading artifacts from coordinator...';

/** `artifacts-downloader`: downloads another job's artifacts and extracts them to `directory`. Returns the exit code. */
export async function artifactsDownloader(
  argv: readonly string[],
  environment: Environment,
  log: Logger,
  directory: string,
): Promise<number> {
  const args = parseArguments(argv, {
    ...CREDENTIAL_OPTIONS,
    'direct-download': 'flag',
    'archiver-staging-dir': 'text',
    'transfer-meter-frequency': 'text',
  });
  const credentials = readCredentials(args, environment);
  if (credentials === undefined) {
    log.fatal('Incomplete arguments: --url, --token and --id are required');
    return 1;
  }
  const staging = await mkdtemp(join(args.text('archiver-staging-dir') || environment.TMPDIR, 'artifacts'));
  try {
    const file = join(staging, 'archive');
    const direct = args.flag('direct-download') || environment.inherited.FF_USE_DIRECT_DOWNLOAD === 'true';
    await downloadWithRetries(credentials, file, direct, log);
    await extract(file, directory);
    return 0;
  } catch (error) {
    log.fatal(messageOf(error));
    return 1;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function downloadWithRetries(
  credentials: JobCredentials,
  file: string,
  direct: boolean,
  log: Logger,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const failure = await downloadOnce(credentials, file, direct && attempt === 1, log);
    if (failure === undefined) return;
    if (attempt >= MAX_ATTEMPTS) throw new Error(failure);
    log.warning('Retrying...', { error: failure });
    await sleep(1000);
  }
}

/** Returns undefined after success, or the reason of a retryable failure. @throws for other failures */
async function downloadOnce(
  { id, token, url }: JobCredentials,
  file: string,
  direct: boolean,
  log: Logger,
): Promise<string | undefined> {
  const reply = await send(url, {
    method: 'GET',
    path: `jobs/${id}/artifacts${direct ? '?direct_download=true' : ''}`,
    headers: { 'JOB-TOKEN': token },
  });
  if ('response' in reply && reply.status === 200) {
    const content = reply.response.body ?? new ReadableStream<Uint8Array>({ start: (body) => body.close() });
    await pipeline(Readable.fromWeb(content), createWriteStream(file));
    log.info(`${LABEL} ok`, { id, responseStatus: '200 OK' });
    return undefined;
  }
  const status = await describe(reply);
  const rejections = new Map([
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not found'],
  ]);
  const rejection = rejections.get(reply.status);
  log.error(`${LABEL} ${rejection ?? 'failed'}`, { id, responseStatus: status });
  if (rejection !== undefined) {
    throw new Error(rejection === 'not found' ? 'file does not exist' : 'permission denied');
  }
  return status;
}

async function extract(file: string, directory: string): Promise<void> {
  const head = Buffer.alloc(2);
  const handle = await open(file);
  await handle.read(head, 0, 2, 0).finally(() => handle.close());
  if (head[0] === 0x1f && head[1] === 0x8b)
    await writeFile(join(directory, 'artifacts'), await readGzip(file));
  else await extractZip(file, directory);
}
