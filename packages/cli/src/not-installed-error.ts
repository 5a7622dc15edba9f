import { OperationError } from './operation-error.ts';

/** There is no complete installation in this account and region. */
export class NotInstalledError extends OperationError {
  override readonly name = 'NotInstalledError';
}
