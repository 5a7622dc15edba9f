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

/** Starts the runner. Its own lines go to this process's output. */
export function startRunner(
  configFile: string,
  workingFolder: string,
  environment: Readonly<Record<string, string>>,
): RunnerProcess {
  const child = spawn(
    'gitlab-runner',
    ['run', '--config', configFile, '--working-directory', workingFolder],
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
