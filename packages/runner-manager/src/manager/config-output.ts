import packageJson from '../../package.json' with { type: 'json' };
import { BUILDS_FOLDER } from '../task/task-definition.ts';

/** Environment variable by which a session's hooks find it. It carries no prefix, so no variable of a job can be it. */
const SESSION_VARIABLE = 'FARGATE_EXECUTOR_SESSION';

/**
 * What the config hook tells the runner, as JSON in one line: where builds are, by whom, and what is in the later hooks'
 * environment.
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
