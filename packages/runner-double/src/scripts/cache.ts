import { BuildError } from '../errors.ts';
import type { BuildContext } from '../job/build-context.ts';
import type { JobCache } from '../job/payload.ts';
import { expandValue, lookup } from '../job/variables.ts';
import { type CacheLocation, locateCache } from './cache-key.ts';
import { withRunnerCommand, writeExports } from './exports.ts';
import type { ScriptWriter } from './script-writer.ts';

function archiverArguments(cache: JobCache): string[] {
  return [...cache.paths.flatMap((path) => ['--path', path]), ...(cache.untracked ? ['--untracked'] : [])];
}

function policyAllows(context: BuildContext, cache: JobCache, wanted: 'pull' | 'push'): boolean {
  const policy = expandValue(cache.policy, context.variables);
  if (policy === '' || policy === 'pull-push') return true;
  if (policy === 'pull' || policy === 'push') return policy === wanted;
  throw new BuildError('runner_configuration_error', `unknown cache policy ${policy}`);
}

/** The key's location, with warnings written; undefined when this cache is to be left out. */
function located(
  writer: ScriptWriter,
  context: BuildContext,
  key: string,
  action: 'extraction' | 'archiving',
): CacheLocation | undefined {
  const result = locateCache(context, key);
  if (result.kind === 'none') {
    writer.notice(`Skipping cache ${action} due to ${result.why}`);
    return undefined;
  }
  if (result.warning !== undefined) writer.warning(result.warning);
  return result.location;
}

export function writeRestoreCache(writer: ScriptWriter, context: BuildContext): boolean {
  const caches = context.job.cache.filter((cache) => archiverArguments(cache).length > 0);
  if (caches.length === 0) return false;
  writeExports(writer, context);
  writer.changeDirectory(context.directories.build);
  for (const cache of caches) writeRestoreOne(writer, context, cache);
  return true;
}

function writeRestoreOne(writer: ScriptWriter, context: BuildContext, cache: JobCache): void {
  const first = located(writer, context, cache.key, 'extraction');
  if (first === undefined) return;
  if (!policyAllows(context, cache, 'pull')) {
    writer.notice(`Not downloading cache ${first.key} due to policy`);
    return;
  }
  const fallbacks = [...cache.fallback_keys, lookup(context.variables, 'CACHE_FALLBACK_KEY')]
    .map((key) => expandValue(key, context.variables))
    .filter((key) => key !== '')
    .flatMap((key) => located(writer, context, key, 'extraction') ?? []);
  withRunnerCommand(writer, 'Extracting cache', () => writeExtract(writer, context, [first, ...fallbacks]));
}

function writeExtract(
  writer: ScriptWriter,
  context: BuildContext,
  locations: readonly CacheLocation[],
): void {
  const [location, ...others] = locations;
  if (location === undefined) return;
  writer.notice(`Checking cache for ${location.key}...`);
  const timeout = String(context.settings.cacheRequestTimeout);
  const extract = ['gitlab-runner', 'cache-extractor', '--file', location.file, '--timeout', timeout];
  writer.when(
    writer.succeeds(extract, 'shown'),
    () => writer.notice('Successfully extracted cache'),
    () => {
      writer.warning('Failed to extract cache');
      writeExtract(writer, context, others);
    },
  );
}

function isDue(when: string, onSuccess: boolean): boolean {
  return onSuccess
    ? when === '' || when === 'on_success' || when === 'always'
    : when === 'on_failure' || when === 'always';
}

export function writeArchiveCache(writer: ScriptWriter, context: BuildContext, onSuccess: boolean): boolean {
  const caches = context.job.cache.filter(
    (cache) => isDue(cache.when, onSuccess) && archiverArguments(cache).length > 0,
  );
  if (caches.length === 0) return false;
  writeExports(writer, context);
  writer.changeDirectory(context.directories.build);
  for (const cache of caches) writeArchiveOne(writer, context, cache);
  return true;
}

function writeArchiveOne(writer: ScriptWriter, context: BuildContext, cache: JobCache): void {
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
    ...archiverArguments(cache),
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
