import type { BuildContext } from '../job/build-context.ts';
import type { ScriptWriter } from './script-writer.ts';

export const ENVIRONMENT_FILE = 'gitlab_runner_env';

/**
 * Exports the job's environment. The cleanup stage exports only the paths of file variables: earlier stages wrote their files,
 * and cleanup removes them.
 */
export function writeExports(
  writer: ScriptWriter,
  context: BuildContext,
  files: 'written' | 'named' = 'written',
): void {
  for (const variable of context.variables) {
    if (variable.file && files === 'named')
      writer.exportPath(variable.key, writer.temporaryFile(variable.key));
    else writer.variable(variable);
  }
  const file = writer.temporaryFile(ENVIRONMENT_FILE);
  writer.exportPath('GITLAB_ENV', file);
  writer.sourceEnvironmentFile(file);
}

/** Writes `body` for containers with the helper commands, and a warning about the skipped action for others. */
export function withRunnerCommand(writer: ScriptWriter, action: string, body: () => void): void {
  writer.when(writer.succeeds(['gitlab-runner', '--version'], 'hidden'), body, () =>
    writer.warning(`Missing gitlab-runner. ${action} is disabled.`),
  );
}
