/** There is no complete installation in this account and region. The message says what to do. */
export class NotInstalledError extends Error {
  override readonly name = 'NotInstalledError';
}
