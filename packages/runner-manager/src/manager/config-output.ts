import packageJson from '../../package.json' with { type: 'json' };
import { BUILDS_FOLDER } from '../task/task-definition.ts';

/** Environment variable that names a hook's session. Job variables have a prefix, so no job can set it. */
const SESSION_VARIABLE = 'FARGATE_EXECUTOR_SESSION';

/**
 * The config hook's output for the runner, as one line of JSON: the builds folder, the driver, and the environment of the later
 * hooks.
 * @see https://docs.gitlab.com/runner/executors/custom/#config
 */
export function configOutput(sessionId: string): string {
  return JSON.stringify({
    builds_dir: BUILDS_FOLDER,
    cache_dir: '/cache',
    builds_dir_is_shared: false,
    driver: { name: 'serverless-gitlab-runner Fargate', version: packageJson.version },
    job_env: { [SESSION_VARIABLE]: sessionId },
  });
}
