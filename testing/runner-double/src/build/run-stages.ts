import type { CacheUrls } from '../cache/sign-cache-urls.ts';
import { parseGoDuration } from '../durations.ts';
import { BuildError, DeadlineExceededError, JobCanceledError, messageOf } from '../errors.ts';
import type { CustomExecutor } from '../executor/custom-executor.ts';
import { contentOf } from '../job/variables.ts';
import { generateScript, type Stage, usesCaches } from '../scripts/generate-script.ts';
import type { JobLog } from '../trace/job-log.ts';
import { runtimeState } from './outcome.ts';
import { openScope, reasonOf, type Scope } from './scope.ts';
import { describeStage } from './stage-descriptions.ts';

/** The real runner's limit for `after_script`, in milliseconds, unless RUNNER_AFTER_SCRIPT_TIMEOUT is set. */
const AFTER_SCRIPT_TIMEOUT = 5 * 60_000;

export type StageRun = {
  readonly executor: CustomExecutor;
  readonly jobLog: JobLog;
  /** The whole job. */
  readonly signal: AbortSignal;
  /** Signs the caches' URLs, anew for each stage: they do not hold for ever. */
  signCacheUrls(): Promise<CacheUrls>;
  /** Told which stage begins, for the metrics. */
  onStage(stage: Stage): void;
  /** From now on a graceful cancel ends this scope instead of the whole job. */
  onScriptScope(scope: Scope): void;
};

/** Runs all stages of a prepared job in GitLab's order. @throws what the job failed with first. */
export async function runStages(run: StageRun): Promise<void> {
  try {
    await runStage(run, 'prepare_script', run.signal);
  } catch (error) {
    throw describePrepareFailure(error);
  }
  let failure = await attempt(() => runSources(run));
  failure ??= await attempt(() => runUserScripts(run));
  const onSuccess = failure === undefined;
  const cacheFailure = await attempt(() =>
    runStage(run, onSuccess ? 'archive_cache' : 'archive_cache_on_failure', run.signal),
  );
  const uploadFailure = await attempt(() =>
    runStage(run, onSuccess ? 'upload_artifacts_on_success' : 'upload_artifacts_on_failure', run.signal),
  );
  // The files are the job's own and its environment goes away: a failure here is nobody's.
  await attempt(() => runStage(run, 'cleanup_file_variables', run.signal));
  const first = failure ?? cacheFailure ?? uploadFailure;
  if (first !== undefined) throw first;
}

function describePrepareFailure(error: unknown): unknown {
  const text = `prepare environment: ${messageOf(error)}. Check https://docs.gitlab.com/runner/shells/#shell-profile-loading for more information`;
  if (error instanceof BuildError) return new BuildError(error.reason, text, error.exitCode);
  return error instanceof Error ? new Error(text) : error;
}

async function attempt(work: () => Promise<void>): Promise<Error | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function runSources(run: StageRun): Promise<void> {
  const { settings } = run.executor.context;
  await runAttempts(run, 'get_sources', settings.getSourcesAttempts);
  await runAttempts(run, 'restore_cache', settings.restoreCacheAttempts);
  await runAttempts(run, 'download_artifacts', settings.downloadArtifactsAttempts);
}

async function runAttempts(run: StageRun, stage: Stage, attempts: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // A second try at the sources begins in an empty directory: git's submodules do not recover by themselves.
      if (stage === 'get_sources' && attempt === 2) await runStage(run, 'clear_worktree', run.signal);
      await runStage(run, stage, run.signal);
      return;
    } catch (error) {
      if (attempt >= attempts || run.signal.aborted) throw error;
    }
  }
}

async function runStage(run: StageRun, stage: Stage, signal: AbortSignal): Promise<void> {
  const over = reasonOf(signal);
  if (over !== undefined) throw over;
  const urls = usesCaches(stage) ? await run.signCacheUrls() : undefined;
  const script = generateScript(stage, run.executor.context, urls);
  if (script === undefined) return;
  run.onStage(stage);
  try {
    await run.jobLog.section(stage, async () => {
      run.jobLog.heading(describeStage(stage));
      await run.executor.run(stage, script, signal);
    });
  } finally {
    if (reasonOf(signal) instanceof DeadlineExceededError) {
      run.jobLog.warning(
        `${stage} could not run to completion because the timeout was exceeded. For more control over job and script timeouts see: https://docs.gitlab.com/ci/runners/configure_runners/#set-script-and-after_script-timeouts`,
      );
    }
  }
}

/** The job's steps, then `after_script` whatever they came to. */
async function runUserScripts(run: StageRun): Promise<void> {
  const script = openScope(run.signal, limitOf(run, 'RUNNER_SCRIPT_TIMEOUT', 0));
  run.onScriptScope(script);
  let failure: Error | undefined;
  try {
    failure = await attempt(() => runSteps(run, script.signal));
    failure = run.signal.aborted ? failure : (scriptEnd(run, script.signal) ?? failure);
  } finally {
    script.close();
  }
  const afterFailure = await attempt(() => runAfterScript(run, failure));
  if (
    failure === undefined &&
    afterFailure !== undefined &&
    !run.executor.context.settings.afterScriptErrorsIgnored
  ) {
    failure = afterFailure;
  } else if (afterFailure !== undefined && !(reasonOf(run.signal) instanceof DeadlineExceededError)) {
    run.jobLog.warning(`after_script failed, but job will continue unaffected: ${messageOf(afterFailure)}`);
  }
  if (failure !== undefined) throw failure;
}

async function runSteps(run: StageRun, signal: AbortSignal): Promise<void> {
  for (const step of run.executor.context.job.steps) {
    if (step.name !== 'after_script') await runStage(run, `step_${step.name.toLowerCase()}`, signal);
  }
}

/** What ended the script's own scope, while the job's goes on. */
function scriptEnd(run: StageRun, signal: AbortSignal): Error | undefined {
  const reason = reasonOf(signal);
  if (reason instanceof JobCanceledError) {
    run.jobLog.warning('script canceled externally (UI, API)');
    return new BuildError('job_canceled', 'canceled');
  }
  if (reason instanceof DeadlineExceededError) {
    return new BuildError('job_execution_timeout', `script timeout: ${reason.message}`);
  }
  return reason;
}

async function runAfterScript(run: StageRun, failure: Error | undefined): Promise<void> {
  const scope = openScope(run.signal, limitOf(run, 'RUNNER_AFTER_SCRIPT_TIMEOUT', AFTER_SCRIPT_TIMEOUT));
  run.executor.setJobStatus(runtimeState(failure));
  try {
    await runStage(run, 'after_script', scope.signal);
  } finally {
    scope.close();
  }
}

function limitOf(run: StageRun, name: string, byDefault: number) {
  const value = contentOf(run.executor.context.variables, name);
  const configured = value.trim() === '' ? byDefault : parseGoDuration(value);
  if (configured === undefined || configured < 0) {
    run.jobLog.warning(
      `Ignoring ${configured === undefined ? 'malformed' : 'relative'} ${name} timeout: ${value}`,
    );
  }
  const milliseconds = configured === undefined || configured <= 0 ? byDefault : configured;
  return milliseconds === 0 ? undefined : { milliseconds, reason: new DeadlineExceededError() };
}
