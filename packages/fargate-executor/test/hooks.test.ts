import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startHookServer } from '../src/hook-server.ts';
import type { JobExecutor } from '../src/job-executor.ts';
import { createLogger } from '../src/logger.ts';

const HOOKS = fileURLToPath(new URL('../hooks', import.meta.url));
const BUILD_FAILURE = 11;
const SYSTEM_FAILURE = 22;

let folder: string;
let server: Server;
let executor: { [Name in keyof JobExecutor]: ReturnType<typeof vi.fn<JobExecutor[Name]>> };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hooks-'));
  executor = {
    prepare: vi.fn<JobExecutor['prepare']>().mockResolvedValue('success'),
    cleanup: vi.fn<JobExecutor['cleanup']>().mockResolvedValue(),
    why: vi.fn<JobExecutor['why']>().mockImplementation(async (_, write) => {
      write('The job task was stopped from outside');
      return 'system-failure';
    }),
    afterStage: vi.fn<JobExecutor['afterStage']>().mockResolvedValue([]),
    endAll: vi.fn<JobExecutor['endAll']>().mockResolvedValue(),
  };
  server = await startHookServer(join(folder, 'hooks.sock'), executor, createLogger('ERROR'));
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  code: number | null;
  output: string;
  errors: string;
}

/** Starts a hook as the runner does: a process group of its own, the job's variables in its environment. */
function start(hook: string, args: string[] = []): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(join(HOOKS, hook), args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${folder}/bin:${process.env.PATH ?? ''}`,
      FARGATE_EXECUTOR_SOCKET: join(folder, 'hooks.sock'),
      FARGATE_EXECUTOR_STATE: folder,
      FARGATE_EXECUTOR_VERSION: '1.2.3',
      BUILD_FAILURE_EXIT_CODE: String(BUILD_FAILURE),
      SYSTEM_FAILURE_EXIT_CODE: String(SYSTEM_FAILURE),
      BUILD_EXIT_CODE_FILE: join(folder, 'exit-code'),
      CUSTOM_ENV_CI_JOB_ID: '42',
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

const run = (hook: string, args: string[] = []) => start(hook, args).ended;

describe('config', () => {
  it('prints what the runner reads as JSON', async () => {
    const { output } = await run('config');
    expect(JSON.parse(output)).toEqual({
      builds_dir: '/builds',
      cache_dir: '/cache',
      builds_dir_is_shared: false,
      driver: { name: 'serverless-gitlab-runner Fargate', version: '1.2.3' },
    });
  });
});

describe('prepare', () => {
  it('hands its environment over, byte for byte', async () => {
    await run('prepare');
    const environment = executor.prepare.mock.calls[0]?.[0];
    expect(environment?.get('CUSTOM_ENV_ODD')).toBe('a line\nand "another" $one');
  });

  it.each([
    ['success', 0],
    ['build-failure', BUILD_FAILURE],
    ['system-failure', SYSTEM_FAILURE],
  ] as const)(
    'ends a %s with exit code %i, and prints the lines for the job log only',
    async (result, code) => {
      executor.prepare.mockImplementation(async (_, write) => {
        write('first line');
        write('  second \\n line');
        return result;
      });
      expect(await run('prepare')).toEqual({ code, output: 'first line\n  second \\n line\n', errors: '' });
    },
  );

  it('prints lines as they come', async () => {
    const held = Promise.withResolvers<void>();
    executor.prepare.mockImplementation(async (_, write) => {
      write('the first line');
      await held.promise;
      return 'success';
    });
    const { child, ended } = start('prepare');
    let seen = '';
    child.stdout?.on('data', (chunk) => {
      seen += chunk;
    });
    await vi.waitFor(() => expect(seen).toContain('the first line'));
    held.resolve();
    expect((await ended).code).toBe(0);
  });

  it('that is killed tells the resident process, which lets go of the task', async () => {
    const hungUp = Promise.withResolvers<void>();
    const held = Promise.withResolvers<'success'>();
    executor.prepare.mockImplementation(async (_environment, _write, hangUp) => {
      hangUp.addEventListener('abort', () => hungUp.resolve());
      return held.promise;
    });
    const { child, ended } = start('prepare');
    await vi.waitFor(() => expect(executor.prepare).toHaveBeenCalled());
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    await hungUp.promise;
    held.resolve('success');
    await ended;
  });

  it('ends as a failure of ours when the answer breaks off', async () => {
    executor.prepare.mockImplementation(async (_, write) => {
      write('so far so good');
      server.closeAllConnections();
      return new Promise(() => {});
    });
    const { code, output } = await run('prepare');
    expect(code).toBe(SYSTEM_FAILURE);
    expect(output).toContain('did not answer to the end');
  });

  it('ends as a failure of ours when there is no resident process', async () => {
    await new Promise((resolve) => server.close(resolve));
    expect((await run('prepare')).code).toBe(SYSTEM_FAILURE);
  });
});

describe('cleanup', () => {
  it('is handed over like prepare', async () => {
    expect((await run('cleanup')).code).toBe(0);
    expect(executor.cleanup.mock.calls[0]?.[0].get('CUSTOM_ENV_CI_JOB_ID')).toBe('42');
  });

  it('ends as a failure of ours when the task could not be stopped', async () => {
    executor.cleanup.mockRejectedValue(new Error('Rate exceeded'));
    const { code, output } = await run('cleanup');
    expect(code).toBe(SYSTEM_FAILURE);
    expect(output).toContain('Rate exceeded');
  });
});

describe('run', () => {
  /** Puts an `ssh` before the real one that does as the shell lines say. */
  async function ssh(lines: string): Promise<void> {
    await mkdir(join(folder, 'bin'), { recursive: true });
    const path = join(folder, 'bin/ssh');
    await writeFile(path, `#!/bin/sh\necho "$*" >> '${folder}/calls'\n${lines}\n`);
    await chmod(path, 0o755);
    await writeFile(join(folder, 'script'), 'echo the script\n');
  }
  const stage = () => run('run', [join(folder, 'script'), 'build_script']);

  it('sends the script over the connection that is there, and prints the output only', async () => {
    await ssh('cat; printf "\\000\\377 no newline"; echo "job-helper: exit 0" >&2');
    const { child, ended } = start('run', [join(folder, 'script'), 'build_script']);
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    expect(await ended).toMatchObject({ code: 0, errors: '' });
    expect(Buffer.concat(chunks)).toEqual(Buffer.from('echo the script\n\0\xff no newline', 'latin1'));
    expect(await readFile(join(folder, 'calls'), 'utf8')).toBe(
      `-F ${folder}/jobs/42/ssh_config -o ProxyCommand=false job stage build_script 16\n`,
    );
  });

  it.each([1, 3, 137, 255])('tells the runner that the script ended with %i', async (code) => {
    await ssh(`echo "job-helper: exit ${code}" >&2`);
    expect((await stage()).code).toBe(BUILD_FAILURE);
    expect(await readFile(join(folder, 'exit-code'), 'utf8')).toBe(`${code}\n`);
  });

  it.each([
    ['the connection is lost', 'exit 255'],
    ['the container ended', 'echo "job-helper: lost" >&2'],
    ['ssh ends well without a word', 'exit 0'],
  ])('asks why, and fails as ours, when %s', async (_, lines) => {
    await ssh(`echo output; ${lines}`);
    expect(await stage()).toEqual({
      code: SYSTEM_FAILURE,
      output: 'output\nThe job task was stopped from outside\n',
      errors: '',
    });
    expect(executor.why).toHaveBeenCalledWith(42, expect.any(Function));
    expect(executor.afterStage).not.toHaveBeenCalled();
  });

  it("fails as the job's when that is why", async () => {
    executor.why.mockResolvedValue('build-failure');
    await ssh('exit 255');
    expect((await stage()).code).toBe(BUILD_FAILURE);
  });

  it.each([
    [0, 0],
    [7, BUILD_FAILURE],
  ])('after a script that ended with %i prints what there is to say', async (exitCode, code) => {
    executor.afterStage.mockResolvedValue(['one line', 'another']);
    await ssh(`echo output; echo "job-helper: exit ${exitCode}" >&2`);
    expect(await stage()).toEqual({ code, output: 'output\none line\nanother\n', errors: '' });
    expect(executor.afterStage).toHaveBeenCalledWith(42, { name: 'build_script', exitCode });
  });

  it('is not failed by a resident process that has nothing to say', async () => {
    await ssh('echo "job-helper: exit 0" >&2');
    await new Promise((resolve) => server.close(resolve));
    expect((await stage()).code).toBe(0);
  });

  it('does not take what the script prints for how it ended', async () => {
    await ssh('echo "job-helper: exit 0"; echo "job-helper: exit 5" >&2');
    expect((await stage()).code).toBe(BUILD_FAILURE);
  });

  it('that is told to end has the stage ended by the helper, and its last output comes through', async () => {
    await ssh(`case "$*" in
      *cancel*) touch '${folder}/cancelled' ;;
      *) echo started; until [ -e '${folder}/cancelled' ]; do sleep 0.05; done
         echo 'last words'; echo 'job-helper: exit 143' >&2 ;;
    esac`);
    const { child, ended } = start('run', [join(folder, 'script'), 'build_script']);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    expect((await ended).code).toBe(BUILD_FAILURE);
    expect(await readFile(join(folder, 'calls'), 'utf8')).toContain('job cancel 10');
  });
});
