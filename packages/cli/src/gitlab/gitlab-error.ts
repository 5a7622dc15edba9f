/** GitLab could not be read. The message says why, and what to do. */
export class GitLabError extends Error {
  override readonly name = 'GitLabError';
  readonly kind: 'refused' | 'not-found' | 'rejected' | 'unreachable';

  constructor(kind: GitLabError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}
