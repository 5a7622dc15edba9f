import { type CacheUrls, NO_CACHE_URLS } from '../cache/sign-cache-urls.ts';
import { type BuildContext, flagOn } from '../job/build-context.ts';
import { writeDownloadArtifacts, writeUploadArtifacts } from './artifacts.ts';
import { writeArchiveCache, writeRestoreCache } from './cache.ts';
import { quotePath } from './escape.ts';
import { ENVIRONMENT_FILE, writeExports } from './exports.ts';
import { writeClearWorktree, writeGetSources, writeGitCleanup } from './get-sources.ts';
import { EXTERNAL_GIT_CONFIG } from './git-remote.ts';
import { ScriptWriter } from './script-writer.ts';
import { writeAfterScript, writeUserScript } from './user-script.ts';

/** The stages that every job has; a job's own steps are called `step_<name>`. */
export type Stage =
  | 'prepare_script'
  | 'get_sources'
  | 'clear_worktree'
  | 'restore_cache'
  | 'download_artifacts'
  | `step_${string}`
  | 'after_script'
  | 'archive_cache'
  | 'archive_cache_on_failure'
  | 'upload_artifacts_on_success'
  | 'upload_artifacts_on_failure'
  | 'cleanup_file_variables';

/** Whether a stage's script has URLs of caches in it. */
export function usesCaches(stage: Stage): boolean {
  return stage === 'restore_cache' || stage === 'archive_cache' || stage === 'archive_cache_on_failure';
}

/** The script of a stage, or undefined when the stage has nothing to do and is skipped. */
export function generateScript(
  stage: Stage,
  context: BuildContext,
  urls: CacheUrls = NO_CACHE_URLS,
): string | undefined {
  const writer = new ScriptWriter(context);
  const written = writeStage(stage, writer, context, urls);
  return written ? writer.finish({ xtrace: context.settings.debugTrace }) : undefined;
}

function writeStage(stage: Stage, writer: ScriptWriter, context: BuildContext, urls: CacheUrls): boolean {
  switch (stage) {
    case 'prepare_script':
      writePrepare(writer, context);
      return true;
    case 'get_sources':
      writeGetSources(writer, context);
      return true;
    case 'clear_worktree':
      writeClearWorktree(writer, context);
      return true;
    case 'restore_cache':
      return writeRestoreCache(writer, context, urls);
    case 'download_artifacts':
      return writeDownloadArtifacts(writer, context);
    case 'after_script':
      return writeAfterScript(writer, context);
    case 'archive_cache':
    case 'archive_cache_on_failure':
      return writeArchiveCache(writer, context, stage === 'archive_cache', urls);
    case 'upload_artifacts_on_success':
    case 'upload_artifacts_on_failure':
      return writeUploadArtifacts(writer, context, stage === 'upload_artifacts_on_success');
    case 'cleanup_file_variables':
      writeCleanup(writer, context);
      return true;
    default:
      return writeUserScript(writer, context, stage.slice('step_'.length));
  }
}

function writePrepare(writer: ScriptWriter, context: BuildContext): void {
  const via = context.hostname === '' ? '' : ` via ${context.hostname}`;
  writer.line(`echo "Running on $(hostname)"${writer.escape(`${via}...`)}`);
  writer.removeFile(writer.temporaryFile(ENVIRONMENT_FILE));
  writer.removeFile(writer.temporaryFile('masking.db'));
}

function writeCleanup(writer: ScriptWriter, context: BuildContext): void {
  writeExports(writer, context, 'named');
  for (const file of [ENVIRONMENT_FILE, 'masking.db', EXTERNAL_GIT_CONFIG]) {
    writer.removeFile(writer.temporaryFile(file));
  }
  for (const variable of context.variables.filter(({ file }) => file)) {
    writer.removeFile(writer.temporaryFile(variable.key));
  }
  if (flagOn(context, 'FF_ENABLE_JOB_CLEANUP')) writeBuildDirectoryCleanup(writer, context);
  writeGitCleanup(writer, context);
}

function writeBuildDirectoryCleanup(writer: ScriptWriter, context: BuildContext): void {
  const { build } = context.directories;
  switch (context.settings.gitStrategy) {
    case 'clone':
    case 'empty':
      writer.removeDirectory(build);
      return;
    case 'fetch':
      writer.when(`[ -d ${quotePath(build)} ]`, () => {
        writer.changeDirectory(build);
        if (context.settings.gitCleanFlags.length > 0) {
          writer.command('git', 'clean', ...context.settings.gitCleanFlags);
        }
        writer.command('git', 'reset', '--hard');
      });
      return;
    case 'none':
      writer.notice('Skipping build directory cleanup step');
      return;
  }
}
