import { quoted } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import type { JobRequest } from './job-request.ts';

/** What a shell can call a variable. The hooks' shell drops all others from the environment that it hands on. */
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Refuses a job with a variable that the hooks would not see as gitlab-runner does; GitLab takes any name in
 * `.gitlab-ci.yml`. An environment ends a name at the first `=`, so the hooks would read `KEY=x` as another value of `KEY`,
 * while the runner goes on with the one that `KEY` really has. And a secret that a shell drops is one whose value the
 * manager does not know, so that it could not be kept out of what AWS shows.
 * @throws {JobRefusedError} at the first one
 */
export function refuseVariableNames({ sentVariables, secretFiles }: JobRequest): void {
  const names = [...sentVariables.map(({ key }) => key), ...secretFiles.keys()];
  const ambiguous = names.find((name) => name.includes('='));
  if (ambiguous !== undefined) {
    throw new JobRefusedError([
      `The variable ${quoted(ambiguous)} has a "=" in its name, which no program's environment can hold. Choose another name.`,
    ]);
  }
  const dropped = [...secretFiles].find(([name, isFile]) => !isFile && !SHELL_NAME.test(name));
  if (dropped === undefined) return;
  throw new JobRefusedError([
    `The secret ${quoted(dropped[0])} has a name that no shell can hold. Choose one of letters, digits and "_", or make it a file.`,
  ]);
}
