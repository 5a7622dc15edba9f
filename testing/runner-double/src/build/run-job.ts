import { signCacheUrls } from '../cache/sign-cache-urls.ts';
import { type RunnerConfig, shortToken } from '../config.ts';
import { DeadlineExceededError, JobCanceledError, messageOf, RunnerInterruptedError } from '../errors.ts';
import { type BuildIdentity, createBuildContext } from '../job/build-context.ts';
import { FEATURE_FLAG_DEFAULTS } from '../job/feature-flags.ts';
import type { ReceivedJob } from '../job/payload.ts';
import type { Logger } from '../log.ts';
import { JobClient } from '../network/job-client.ts';
import { JobLog } from '../trace/job-log.ts';
import { DEFAULT_OUTPUT_LIMIT, TraceBuffer } from '../trace/trace-buffer.ts';
import { type FinalState, TraceUploader } from '../trace/upload-trace.ts';
import { VERSION_LINE } from '../version.ts';
import { failureLine, interruption, type RuntimeState, reportedReason, runtimeState } from './outcome.ts';
import { prepareExecutor } from './prepare-executor.ts';
import { runStages } from './run-stages.ts';
import { openScope, reasonOf, type Scope, settleAfterAbort } from './scope.ts';

/** How long the real runner waits for an aborted job to stop, in milliseconds. */
const WAIT_FOR_BUILD = 5 * 60_000;

/** The state of a running job in the metrics. */
export type JobStatus = { state: RuntimeState; stage: string; executorStage: string };

export type JobOptions = {
  readonly identity: BuildIdentity;
  readonly received: ReceivedJob;
  readonly systemId: string;
  readonly inherited: Readonly<Record<string, string>>;
  readonly temporaryDirectory: string;
  readonly log: Logger;
  readonly status: JobStatus;
  /** Aborted with a RunnerInterruptedError when the runner must stop. */
  readonly interrupted: AbortSignal;
};

/** Runs a job from its first log line to its final state at GitLab. Never throws: every error is a failure of the job. */
export async function runJob(options: JobOptions): Promise<void> {
  const { identity, received, log, status } = options;
  const { job, runner } = identity;
  const client = new JobClient(runner, job, log);
  const accepted = await client.update({ state: 'running' });
  if (accepted.kind === 'aborted') {
    log.warning('GitLab has already ended the job', { job: job.id });
    return;
  }

  const first = createBuildContext(identity);
  const buffer = new TraceBuffer(runner.output_limit > 0 ? runner.output_limit * 1024 : DEFAULT_OUTPUT_LIMIT);
  const jobLog = new JobLog(buffer, {
    secrets: [job.token, ...first.variables.filter(({ masked }) => masked).map(({ value }) => value)],
    tokenPrefixes: job.features?.token_mask_prefixes ?? [],
    sections: job.features?.trace_sections ?? false,
  });
  const scope = openScope(undefined, {
    milliseconds: first.timeoutSeconds * 1000,
    reason: new DeadlineExceededError(),
  });
  let cancelable: Scope = scope;
  const uploader = new TraceUploader(
    client,
    buffer,
    {
      cancel: () => cancelable.abort(new JobCanceledError()),
      abort: () => scope.abort(new JobCanceledError()),
    },
    { debug: first.settings.debugTrace },
  );
  uploader.start();
  if (accepted.cancelRequested) scope.abort(new JobCanceledError());

  let failure: Error | undefined;
  try {
    writeHeader(jobLog, runner, options.systemId, first.flags);
    for (const warning of first.settings.warnings) jobLog.warning(warning);
    await execute(options, received.raw, jobLog, scope, (script) => {
      cancelable = script;
    });
  } catch (error) {
    failure = error instanceof Error ? error : new Error(messageOf(error));
  }
  scope.close();
  const aborted = reasonOf(scope.signal);
  if (aborted !== undefined) failure = interruption(aborted, first.timeoutSeconds);
  status.state = aborted instanceof RunnerInterruptedError ? 'terminated' : runtimeState(failure);

  const final = conclude(jobLog, log, failure, job.features?.failure_reasons ?? []);
  jobLog.end();
  if (!(await uploader.finish(final))) log.error('Job trace termination failed', { job: job.id });
}

/** Prepares the executor, runs all stages, and cleans up. */
async function execute(
  options: JobOptions,
  rawJob: string,
  jobLog: JobLog,
  scope: Scope,
  onScriptScope: (scope: Scope) => void,
): Promise<void> {
  const { identity, status, interrupted } = options;
  const { signal } = scope;
  const setStage = (stage: string, executorStage: string) => Object.assign(status, { stage, executorStage });
  setStage('prepare_executor', 'prepare');
  status.state = 'running';
  const executor = await jobLog.section('prepare_executor', () => {
    jobLog.heading(`Preparing the "${identity.runner.executor}" executor`);
    return prepareExecutor({ ...options, rawJob, jobLog }, signal);
  });
  // As in the real runner, a signal to the runner ends a running job, but not its preparation.
  const interrupt = () => scope.abort(reasonOf(interrupted) ?? new RunnerInterruptedError('terminated'));
  if (interrupted.aborted) interrupt();
  else interrupted.addEventListener('abort', interrupt, { once: true });
  try {
    const stages = runStages({
      executor,
      jobLog,
      signal,
      onStage: (stage) => setStage(stage, 'run'),
      onScriptScope,
      signCacheUrls: () => signCacheUrls(executor.context, options.inherited, options.log),
    });
    const ended = await settleAfterAbort(stages, signal, WAIT_FOR_BUILD);
    if (ended === 'timed-out') jobLog.warning('Timed out waiting for the build to finish');
    else await stages;
  } finally {
    interrupted.removeEventListener('abort', interrupt);
    setStage(status.stage, 'cleanup');
    await executor.cleanup();
  }
}

function writeHeader(
  jobLog: JobLog,
  runner: RunnerConfig,
  systemId: string,
  flags: ReadonlyMap<string, boolean>,
): void {
  jobLog.print(`Running with ${VERSION_LINE}`);
  jobLog.print(`  on ${runner.name} ${shortToken(runner.token)}, system ID: ${systemId}`);
  const changed = [...flags].filter(([name, on]) => FEATURE_FLAG_DEFAULTS.get(name) !== on);
  if (changed.length > 0)
    jobLog.print(`  feature flags: ${changed.map(([name, on]) => `${name}:${on}`).join(', ')}`);
}

/** Writes the last line of the log and returns the state to report. */
function conclude(
  jobLog: JobLog,
  log: Logger,
  failure: Error | undefined,
  known: readonly string[],
): FinalState {
  if (failure === undefined) {
    jobLog.info('Job succeeded');
    log.info('Job succeeded', { 'job-status': 'success' });
    return { state: 'success' };
  }
  const line = failureLine(failure);
  const { reason, exitCode } = reportedReason(failure, known);
  jobLog.error(line);
  log.warning(line, { 'job-status': 'failed', failure_reason: reason, exit_code: exitCode });
  return { state: 'failed', failureReason: reason, exitCode };
}
