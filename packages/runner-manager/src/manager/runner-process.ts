import { spawn } from 'node:child_process';

/** `gitlab-runner run`, as a child of this process. */
export interface RunnerProcess {
  /** Lets it finish its jobs and exit, without requesting new ones (SIGQUIT). Aborts open requests: see `close-runner.ts`. */
  quit(): void;
  /** Lets it fail its jobs and exit (SIGTERM). */
  terminate(): void;
  /** Settles when it has exited; `how` describes it. */
  exited: Promise<{ code: number | null; how: string }>;
}

/**
 * Raises the runner's OOM score (-1,000 to 1,000), so that the kernel kills it first when memory runs out. Jobs can make the
 * runner use much memory, and this process must survive to report that and to stop their tasks.
 */
const FIRST_TO_BE_KILLED = 'echo 500 > /proc/self/oom_score_adj; exec "$@"';

/** Starts the runner. Its output goes to this process's output. */
export function startRunner(
  configFile: string,
  workingFolder: string,
  environment: Readonly<Record<string, string>>,
): RunnerProcess {
  const child = spawn(
    'sh',
    [
      ...['-c', FIRST_TO_BE_KILLED, 'sh'],
      ...['gitlab-runner', 'run', '--config', configFile, '--working-directory', workingFolder],
    ],
    {
      env: environment,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const exited = new Promise<{ code: number | null; how: string }>((resolve) => {
    child.once('error', (error) => resolve({ code: null, how: error.message }));
    child.once('exit', (code, signal) => resolve({ code, how: signal ?? `exit code ${code}` }));
  });
  return {
    quit: () => void child.kill('SIGQUIT'),
    terminate: () => void child.kill('SIGTERM'),
    exited,
  };
}
