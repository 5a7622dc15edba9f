import { SystemFailureError } from '../../errors.ts';
import { AGENT_FOLDER } from '../../task/task-definition.ts';
import type { JobConnection } from './open-connection.ts';

/**
 * @returns the build container's user and shell, for the job log, once its agent accepts commands
 * @throws {SystemFailureError} when it does not within `deadlineMs` milliseconds, or the connection fails
 */
export async function awaitBuildContainer(
  connection: JobConnection,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<string> {
  const { stdout } = await connection.ask('ready', { signal, deadlineMs });
  const found = /^user=(\d{1,10}) shell=([ -~]{1,200})\n$/.exec(stdout);
  if (!found)
    throw new SystemFailureError(`The build container's agent did not respond: ${stdout.slice(0, 200)}`);
  return `user ${found[1]}, shell ${describeShell(found[2] ?? '')}`;
}

/** The agent has shells of its own for images without one that can read GitLab Runner's scripts. */
function describeShell(shell: string): string {
  if (shell.startsWith(`${AGENT_FOLDER}/busybox`))
    return "the helper's busybox, because the image has no shell";
  if (shell.startsWith(`${AGENT_FOLDER}/bash`))
    return "the helper's bash as sh, because the image's sh (such as dash) cannot read GitLab Runner's quotes";
  return shell;
}
