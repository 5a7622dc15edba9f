import { setTimeout as sleep } from 'node:timers/promises';
import { formatGoDuration } from '../durations.ts';
import { BuildError, messageOf } from '../errors.ts';
import { CustomExecutor, type ExecutorOptions } from '../executor/custom-executor.ts';
import { reasonOf } from './scope.ts';

/** The real runner's values (common/consts.go): attempts, and milliseconds between them. */
const PREPARATION = { attempts: 3, interval: 3000 } as const;

/**
 * Prepares an executor. After a system failure it is cleaned up, and a new one is prepared.
 * @throws the last failure; a BuildError at once; the reason if the job was ended meanwhile
 */
export async function prepareExecutor(
  options: ExecutorOptions,
  signal: AbortSignal,
  preparation: { readonly attempts: number; readonly interval: number } = PREPARATION,
): Promise<CustomExecutor> {
  let failure: unknown;
  for (let attempt = 0; attempt < preparation.attempts; attempt += 1) {
    const executor = new CustomExecutor(options);
    try {
      await executor.prepare(signal);
      return executor;
    } catch (error) {
      failure = error;
    }
    await executor.cleanup();
    if (failure instanceof BuildError) throw failure;
    throwIfAborted(signal);
    options.jobLog.error(`Preparation failed: ${messageOf(failure)}`);
    options.jobLog.info(`Will be retried in ${formatGoDuration(preparation.interval)} ...`);
    await sleep(preparation.interval, undefined, { signal }).catch(() => undefined);
    throwIfAborted(signal);
  }
  throw failure;
}

function throwIfAborted(signal: AbortSignal): void {
  const reason = reasonOf(signal);
  if (reason !== undefined) throw reason;
}
