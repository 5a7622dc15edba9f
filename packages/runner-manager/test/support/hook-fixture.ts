import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { startHookServer } from '../../src/hook-server.ts';
import type { JobExecutor } from '../../src/job-executor.ts';
import { createLogger } from '../../src/logger.ts';

const HOOKS = fileURLToPath(new URL('../../hooks', import.meta.url));
export const BUILD_FAILURE = 11;
export const SYSTEM_FAILURE = 22;
/** The session that config hands out. */
export const SESSION = '0123456789abcdef0123456789abcdef';

/** How a hook ended. */
export interface Ended {
  code: number | null;
  output: string;
  errors: string;
}

export type HookFixture = Awaited<ReturnType<typeof makeHookFixture>>;

/** The hooks as real processes, before a server whose executor is a mock. */
export async function makeHookFixture() {
  const folder = await mkdtemp(join(tmpdir(), 'hooks-'));
  const executor = {
    open: vi.fn<JobExecutor['open']>().mockResolvedValue(SESSION),
    openJobs: vi.fn<JobExecutor['openJobs']>().mockReturnValue([]),
    prepare: vi.fn<JobExecutor['prepare']>().mockResolvedValue('success'),
    cleanup: vi.fn<JobExecutor['cleanup']>().mockResolvedValue(),
    why: vi.fn<JobExecutor['why']>().mockImplementation(async (_, write) => {
      write('The job task was stopped from outside');
      return 'system-failure';
    }),
    again: vi.fn<JobExecutor['again']>().mockResolvedValue(false),
    scriptStarts: vi.fn<JobExecutor['scriptStarts']>(),
    afterStage: vi.fn<JobExecutor['afterStage']>().mockResolvedValue([]),
    endAll: vi.fn<JobExecutor['endAll']>().mockResolvedValue(),
  };
  const server = await startHookServer(join(folder, 'hooks.sock'), executor, createLogger('ERROR'));
  /** Starts a hook as the runner does: a process group of its own, the job's variables in its environment. */
  const start = (hook: string, args: string[] = [], more: NodeJS.ProcessEnv = {}) =>
    startHook(folder, hook, args, more);
  return {
    folder,
    executor,
    server,
    start,
    run: (hook: string, args: string[] = [], more: NodeJS.ProcessEnv = {}) => start(hook, args, more).ended,
    async remove() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function startHook(
  folder: string,
  hook: string,
  args: string[],
  more: NodeJS.ProcessEnv,
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(join(HOOKS, hook), args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${folder}/bin:${process.env.PATH ?? ''}`,
      FARGATE_EXECUTOR_SOCKET: join(folder, 'hooks.sock'),
      FARGATE_EXECUTOR_STATE: folder,
      BUILD_FAILURE_EXIT_CODE: String(BUILD_FAILURE),
      SYSTEM_FAILURE_EXIT_CODE: String(SYSTEM_FAILURE),
      BUILD_EXIT_CODE_FILE: join(folder, 'exit-code'),
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/cache',
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "the runner's",
      JOB_RESPONSE_FILE: join(folder, 'response.json'),
      // Not what the job calls it, but what config's job_env said.
      FARGATE_EXECUTOR_SESSION: SESSION,
      CUSTOM_ENV_FARGATE_EXECUTOR_SESSION: '../43',
      CUSTOM_ENV_CI_JOB_ID: '../43',
      ...more,
      CUSTOM_ENV_ODD: 'a line\nand "another" $one',
    },
  });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const ended = new Promise<Ended>((resolve) => {
    child.once(
      'close',
      (code) => void output.then(([out, errors]) => resolve({ code, output: out, errors })),
    );
  });
  return { child, ended };
}
