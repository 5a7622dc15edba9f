import { OperationError, UsageError } from './operation-error.ts';
import type { Terminal } from './terminal.ts';

/**
 * Asks whether to do something that cannot be undone.
 * @throws {UsageError} if nobody can be asked, {OperationError} if the answer is not yes
 */
export async function confirm(question: string, yes: boolean, { ask }: Terminal): Promise<void> {
  if (yes) return;
  if (ask === undefined) throw new UsageError('Nobody can be asked here: confirm with --yes.');
  if (!/^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim()))
    throw new OperationError('Nothing was changed.');
}
