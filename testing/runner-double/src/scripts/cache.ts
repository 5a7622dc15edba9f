import type { CacheUrls } from '../cache/sign-cache-urls.ts';
import { BuildError } from '../errors.ts';
import type { BuildContext } from '../job/build-context.ts';
import type { JobCache } from '../job/payload.ts';
import { expandValue } from '../job/variables.ts';
import { type CacheLocation, fallbackKeys, locateCache } from './cache-key.ts';
import { withRunnerCommand, writeExports } from './exports.ts';
import type { ScriptWriter } from './script-writer.ts';

function archiverArguments(cache: JobCache): string[] {
  return [...cache.paths.flatMap((path) => ['--path', path]), ...(cache.untracked ? ['--untracked'] : [])];
}

function policyAllows(context: BuildContext, cache: JobCache, action: 'pull' | 'push'): boolean {
  const policy = expandValue(cache.policy, context.variables);
  if (policy === '' || policy === 'pull-push') return true;
  if (policy === 'pull' || policy === 'push') return policy === action;
  throw new BuildError('runner_configuration_error', `unknown cache policy ${policy}`);
}

/** Locates a key and writes warnings; undefined if the cache must be skipped. */
function located(
  writer: ScriptWriter,
  context: BuildContext,
  key: string,
  action: 'extraction' | 'archiving',
): CacheLocation | undefined {
  const result = locateCache(context, key);
  if (result.kind === 'none') {
    writer.notice(`Skipping cache ${action} due to ${result.reason}`);
    return undefined;
  }
  if (result.warning !== undefined) writer.warning(result.warning);
  return result.location;
}

export function writeRestoreCache(writer: ScriptWriter, context: BuildContext, urls: CacheUrls): boolean {
  const caches = context.job.cache.filter((cache) => archiverArguments(cache).length > 0);
  if (caches.length === 0) return false;
  writeExports(writer, context);
  writer.changeDirectory(context.directories.build);
  for (const cache of caches) writeRestoreOne(writer, context, cache, urls);
  return true;
}

function writeRestoreOne(
  writer: ScriptWriter,
  context: BuildContext,
  cache: JobCache,
  urls: CacheUrls,
): void {
  const first = located(writer, context, cache.key, 'extraction');
  if (first === undefined) return;
  if (!policyAllows(context, cache, 'pull')) {
    writer.notice(`Not downloading cache ${first.key} due to policy`);
    return;
  }
  const { keys, warning } = fallbackKeys(context, cache);
  const fallbacks = keys.flatMap((key) => located(writer, context, key, 'extraction') ?? []);
  if (warning !== undefined) writer.warning(warning);
  withRunnerCommand(writer, 'Extracting cache', () =>
    writeExtract(writer, context, [first, ...fallbacks], urls),
  );
}

function writeExtract(
  writer: ScriptWriter,
  context: BuildContext,
  locations: readonly CacheLocation[],
  urls: CacheUrls,
): void {
  const [location, ...others] = locations;
  if (location === undefined) return;
  writer.notice(`Checking cache for ${location.key}...`);
  const timeout = String(context.settings.cacheRequestTimeout);
  const url = urls.get(location.name);
  const extract = [
    ...['gitlab-runner', 'cache-extractor', '--file', location.file, '--timeout', timeout],
    ...(url === undefined ? [] : ['--url', url.get, '--head-url', url.head]),
    ...(url?.alternate
      ? ['--alternate-url', url.alternate.get, '--alternate-head-url', url.alternate.head]
      : []),
  ];
  writer.when(
    writer.succeeds(extract, 'shown'),
    () => writer.notice('Successfully extracted cache'),
    () => {
      writer.warning('Failed to extract cache');
      writeExtract(writer, context, others, urls);
    },
  );
}

function isDue(when: string, onSuccess: boolean): boolean {
  return onSuccess
    ? when === '' || when === 'on_success' || when === 'always'
    : when === 'on_failure' || when === 'always';
}

export function writeArchiveCache(
  writer: ScriptWriter,
  context: BuildContext,
  onSuccess: boolean,
  urls: CacheUrls,
): boolean {
  const caches = context.job.cache.filter(
    (cache) => isDue(cache.when, onSuccess) && archiverArguments(cache).length > 0,
  );
  if (caches.length === 0) return false;
  writeExports(writer, context);
  writer.changeDirectory(context.directories.build);
  for (const cache of caches) writeArchiveOne(writer, context, cache, urls);
  return true;
}

function writeArchiveOne(
  writer: ScriptWriter,
  context: BuildContext,
  cache: JobCache,
  urls: CacheUrls,
): void {
  const location = located(writer, context, cache.key, 'archiving');
  if (location === undefined) return;
  if (!policyAllows(context, cache, 'push')) {
    writer.notice(`Not uploading cache ${location.key} due to policy`);
    return;
  }
  const archive = [
    'gitlab-runner',
    'cache-archiver',
    '--file',
    location.file,
    '--timeout',
    String(context.settings.cacheRequestTimeout),
    ...limitArguments(context),
    ...archiverArguments(cache),
    ...uploadArguments(urls, location),
  ];
  withRunnerCommand(writer, 'Creating cache', () => {
    writer.notice(`Creating cache ${location.key}...`);
    writer.when(
      writer.succeeds(archive, 'shown'),
      () => writer.notice('Created cache'),
      () => writer.warning('Failed to create cache'),
    );
  });
}

function limitArguments({ runner }: BuildContext): string[] {
  const bytes = runner.cache?.MaxUploadedArchiveSize ?? 0;
  return bytes > 0 ? ['--max-uploaded-archive-size', String(bytes)] : [];
}

function uploadArguments(urls: CacheUrls, { name }: CacheLocation): string[] {
  const url = urls.get(name);
  if (url === undefined) return [];
  return ['--url', url.put, ...url.putHeaders.flatMap((header) => ['--header', header])];
}
