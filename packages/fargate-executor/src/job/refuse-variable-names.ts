import { quoted } from '../bounded-text.ts';
import { JobRefusedError } from '../errors.ts';
import type { JobRequest } from './job-request.ts';

/**
 * Refuses a job with a variable whose name holds `=`. An environment ends a name at the first `=`, so that the hooks would
 * read `KEY=x` as another value of `KEY`, while gitlab-runner goes on with the one that `KEY` really has: what is
 * checked here would not be what the runner uses. GitLab takes any name in `.gitlab-ci.yml`.
 * @throws {JobRefusedError} at the first one
 */
export function refuseVariableNames({ sentVariables, secretFiles }: JobRequest): void {
  const names = [...sentVariables.map(({ key }) => key), ...secretFiles.keys()];
  const found = names.find((name) => name.includes('='));
  if (found === undefined) return;
  throw new JobRefusedError([
    `The variable ${quoted(found)} has a "=" in its name, which no program's environment can hold. Choose another name.`,
  ]);
}
