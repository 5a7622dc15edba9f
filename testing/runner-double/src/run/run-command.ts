import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkInterval, type RunnerFileConfig, readConfig, shutdownTimeout } from '../config.ts';
import type { Environment } from '../environment.ts';
import { messageOf, RunnerInterruptedError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { loadSystemId } from '../system-id.ts';
import { VERSION } from '../version.ts';
import { renderMetrics, serveMetrics } from './metrics.ts';
import { nextSignal, type StopSignal } from './signals.ts';
import { WorkerPool } from './worker-pool.ts';

/** Milliseconds between checks for a changed configuration file. */
const RELOAD_INTERVAL = 3000;

export type RunOptions = {
  readonly configFile: string;
  readonly listenAddress: string;
  readonly environment: Environment;
  readonly log: Logger;
};

/**
 * `gitlab-runner run`: takes and runs jobs until it receives a signal. Returns the exit code. As in the real runner
 * (commands/multi.go), SIGQUIT starts a graceful shutdown, which finishes running jobs and takes no new ones; a repeated SIGQUIT
 * has no effect. SIGTERM or SIGINT starts a forceful shutdown, which aborts running jobs. Any signal during a forceful shutdown
 * exits at once.
 */
export async function runCommand(options: RunOptions): Promise<number> {
  const { log, environment } = options;
  const signals = nextSignal();
  let config = await readConfig(options.configFile);
  log.configure({
    ...(config.log_level === undefined ? {} : { level: config.log_level }),
    ...(config.log_format === undefined ? {} : { format: config.log_format }),
  });
  const systemId = await loadSystemId(options.configFile);
  const stopping = new AbortController();
  const interrupted = new AbortController();
  const pool = new WorkerPool({
    systemId,
    inherited: environment.inherited,
    temporaryDirectory: environment.TMPDIR,
    log,
    concurrent: () => config.concurrent,
    stopping: stopping.signal,
    interrupted: interrupted.signal,
  });

  log.info(`Starting multi-runner from ${options.configFile}...`, {
    builds: 0,
    max_builds: config.concurrent,
  });
  log.info('This is the runner double: a stand-in for tests, not GitLab Runner', {
    version: VERSION.version,
  });
  const address = options.listenAddress === '' ? config.listen_address : options.listenAddress;
  if (address === '') {
    log.info('listen_address not defined, metrics & debug endpoints disabled');
  } else {
    await serveMetrics(address, () => renderMetrics(pool.facts(), config.concurrent));
    log.info('Metrics server listening', { address });
  }

  const requesting = requestJobs(pool, () => config, stopping.signal);
  const reloading = reload(options, stopping.signal, (changed) => {
    config = changed;
  });
  const signal = await signals.next();
  log.warning('[runWait] received stop signal', { 'stop-signal': signal.name });
  stopping.abort();
  const finished = Promise.all([requesting, reloading, pool.drained()]).then(() => 'finished' as const);
  return shutDown(signal, signals, finished, {
    log,
    timeout: shutdownTimeout(config),
    interrupt: (name) => interrupted.abort(new RunnerInterruptedError(name)),
  });
}

/** Lets each runner request jobs once per check interval. */
async function requestJobs(
  pool: WorkerPool,
  config: () => RunnerFileConfig,
  stopping: AbortSignal,
): Promise<void> {
  while (!stopping.aborted) {
    const { runners } = config();
    const pause = checkInterval(config()) / Math.max(1, runners.length);
    for (const runner of runners) {
      pool.offer(runner);
      await sleep(pause, undefined, { signal: stopping }).catch(() => undefined);
    }
    if (runners.length === 0) await sleep(pause, undefined, { signal: stopping }).catch(() => undefined);
  }
}

/** Reloads the file when it has changed. If it is invalid, the old values remain. */
async function reload(
  options: RunOptions,
  stopping: AbortSignal,
  onChange: (config: RunnerFileConfig) => void,
): Promise<void> {
  const modified = () =>
    stat(options.configFile).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  let last = await modified();
  while (!stopping.aborted) {
    await sleep(RELOAD_INTERVAL, undefined, { signal: stopping }).catch(() => undefined);
    const now = await modified();
    if (now === last || stopping.aborted) continue;
    last = now;
    try {
      onChange(await readConfig(options.configFile));
      options.log.info('Configuration loaded', { 'config-file': options.configFile });
    } catch (error) {
      options.log.error(`Failed to load config ${messageOf(error)}`);
    }
  }
}

type Shutdown = {
  readonly log: Logger;
  /** Milliseconds. */
  readonly timeout: number;
  interrupt(signalName: string): void;
};

async function shutDown(
  first: StopSignal,
  signals: { next(): Promise<StopSignal> },
  finished: Promise<'finished'>,
  { log, timeout, interrupt }: Shutdown,
): Promise<number> {
  let signal = first;
  while (signal.name === 'SIGQUIT') {
    log.warning('Starting graceful shutdown, waiting for builds to finish', { StopSignal: signal.name });
    const event = await Promise.race([finished, signals.next()]);
    if (event === 'finished') return done(log);
    signal = event;
    log.warning('[handleGracefulShutdown] received stop signal', { 'stop-signal': signal.name });
  }
  log.warning('Starting forceful shutdown', {
    StopSignal: signal.name,
    'shutdown-timeout': `${timeout / 1000}s`,
  });
  interrupt(signal.goName);
  const overdue = sleep(timeout, 'overdue' as const, { ref: false });
  const event = await Promise.race([finished, signals.next(), overdue]);
  if (event === 'finished') return done(log);
  const cause = event === 'overdue' ? 'shutdown timed out' : `forced exit with stop signal: ${event.goName}`;
  log.warning(`Forceful shutdown not finished properly: ${cause}`);
  return 1;
}

function done(log: Logger): number {
  log.info('All workers stopped.');
  log.info('Can exit now!');
  return 0;
}
