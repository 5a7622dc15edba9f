import { OperationError } from '../operation-error.ts';

/** GitLab could not be read. The message says why, and what to do. */
export class GitLabError extends OperationError {
  override readonly name = 'GitLabError';
  readonly kind: 'refused' | 'not-found' | 'rejected' | 'unreachable';

  constructor(kind: GitLabError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The result of a call; undefined, after a warning, if GitLab does not answer or refuses. @throws other errors */
export async function unlessRefused<Result>(
  call: () => Promise<Result>,
  warn: (problem: string) => void,
): Promise<Result | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof GitLabError)) throw error;
    warn(error.message);
    return undefined;
  }
}
