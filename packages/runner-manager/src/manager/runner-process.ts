import { spawn } from 'node:child_process';

/** `gitlab-runner run`, as a child of this process. */
export interface RunnerProcess {
  /** Asks for no new job, finishes those it has, exits (SIGQUIT). Open requests are cut: see `close-runner.ts`. */
  quit(): void;
  /** Fails the jobs it has, exits (SIGTERM). */
  terminate(): void;
  /** Settles when it has exited, in words. */
  exited: Promise<{ code: number | null; how: string }>;
}

/**
 * Raises the runner's own score, of -1,000 to 1,000, for the kernel's choice when memory runs out: jobs can fill the
 * runner, and this process must live on to say so and to stop their tasks.
 */
const FIRST_TO_BE_KILLED = 'echo 500 > /proc/self/oom_score_adj; exec "$@"';

/** Starts the runner. Its own lines go to this process's output. */
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
