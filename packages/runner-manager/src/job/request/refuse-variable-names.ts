import { quoted } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import type { JobRequest } from './job-request.ts';

/** Valid names of shell variables. The hooks' shell does not pass others on to its children. */
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Refuses a job with a variable that the hooks and gitlab-runner would read differently, since GitLab accepts any name in
 * `.gitlab-ci.yml`. In an environment a name ends at the first `=`: the hooks would read `KEY=x` as another value of `KEY`, while
 * the runner keeps the real one. The manager would not know the value of a secret that a shell drops, so it could not keep it
 * out of what AWS shows.
 * @throws {JobRefusedError} at the first such variable
 */
export function refuseVariableNames({ sentVariables, secretFiles }: JobRequest): void {
  const names = [...sentVariables.map(({ key }) => key), ...secretFiles.keys()];
  const ambiguous = names.find((name) => name.includes('='));
  if (ambiguous !== undefined) {
    throw new JobRefusedError([
      `The variable ${quoted(ambiguous)} has a "=" in its name, which a program's environment cannot represent. Choose another name.`,
    ]);
  }
  const dropped = [...secretFiles].find(([name, isFile]) => !isFile && !SHELL_NAME.test(name));
  if (dropped === undefined) return;
  throw new JobRefusedError([
    `The secret ${quoted(dropped[0])} has a name that is not a valid shell variable. Use only letters, digits and "_", or make it a file.`,
  ]);
}
