import { setTimeout as sleep } from 'node:timers/promises';
import { formatGoDuration } from '../durations.ts';
import { BuildError, messageOf } from '../errors.ts';
import { CustomExecutor, type ExecutorOptions } from '../executor/custom-executor.ts';
import { reasonOf } from './scope.ts';

/** The real runner's numbers (common/consts.go): tries, and milliseconds between them. */
const PREPARATION = { tries: 3, interval: 3000 } as const;

/**
 * Prepares an executor; a system failure is tried again in a new one, after the old one's cleanup.
 * @throws the last failure, a BuildError at once, or what ended the job meanwhile.
 */
export async function prepareExecutor(
  options: ExecutorOptions,
  signal: AbortSignal,
  preparation: { readonly tries: number; readonly interval: number } = PREPARATION,
): Promise<CustomExecutor> {
  let failure: unknown;
  for (let attempt = 0; attempt < preparation.tries; attempt += 1) {
    const executor = new CustomExecutor(options);
    try {
      await executor.prepare(signal);
      return executor;
    } catch (error) {
      failure = error;
    }
    await executor.cleanup();
    if (failure instanceof BuildError) throw failure;
    throwIfOver(signal);
    options.jobLog.error(`Preparation failed: ${messageOf(failure)}`);
    options.jobLog.info(`Will be retried in ${formatGoDuration(preparation.interval)} ...`);
    await sleep(preparation.interval, undefined, { signal }).catch(() => undefined);
    throwIfOver(signal);
  }
  throw failure;
}

function throwIfOver(signal: AbortSignal): void {
  const reason = reasonOf(signal);
  if (reason !== undefined) throw reason;
}
