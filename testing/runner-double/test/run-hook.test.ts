import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BuildError, ProcessNotKilledError, UnknownExitCodeError } from '../src/errors.ts';
import { checkExit } from '../src/executor/exit-codes.ts';
import { runHook } from '../src/executor/run-hook.ts';
import { eventually } from './support/eventually.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'run-hook-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function start(script: string, timeouts = { graceful: 10_000, force: 10_000 }) {
  const control = new AbortController();
  let stdout = '';
  let stderr = '';
  const exit = runHook({
    file: 'sh',
    args: ['-c', script],
    directory,
    environment: { PATH: process.env.PATH ?? '', GIVEN: 'yes' },
    stdout: { write: (data) => (stdout += data.toString('utf8')) },
    stderr: { write: (data) => (stderr += data.toString('utf8')) },
    signal: control.signal,
    gracefulKillTimeout: timeouts.graceful,
    forceKillTimeout: timeouts.force,
  });
  return { exit, control, stdout: () => stdout, stderr: () => stderr };
}

describe('runHook', () => {
  it('runs a hook in its directory with only its environment, and streams both outputs', async () => {
    const hook = start('pwd; echo "$GIVEN$HOME" >&2');
    expect(await hook.exit).toEqual({ code: 0, description: 'exit status 0' });
    expect([hook.stdout(), hook.stderr()]).toEqual([`${directory}\n`, 'yes\n']);
  });

  it.each([
    ['exit 7', 7, 'exit status 7'],
    ['kill -KILL $$', -1, 'signal: SIGKILL'],
  ])('describes the exit of "%s"', async (script, code, description) => {
    expect(await start(script).exit).toEqual({ code, description });
  });

  it('fails if the program does not exist', async () => {
    const call = {
      file: '/nowhere/hook',
      args: [],
      directory,
      environment: {},
      stdout: { write: () => undefined },
      stderr: { write: () => undefined },
      signal: new AbortController().signal,
      gracefulKillTimeout: 1,
      forceKillTimeout: 1,
    };
    await expect(runHook(call)).rejects.toThrow('failed to start command');
  });

  it('sends SIGTERM to the whole process group', async () => {
    const hook = start(
      `trap 'echo parent; exit 4' TERM; sh -c 'trap "echo child; exit" TERM; echo up; while :; do sleep 0.05; done' & wait`,
    );
    await eventually(hook.stdout).toContain('up');
    hook.control.abort();
    expect((await hook.exit).code).toBe(4);
    await eventually(hook.stdout).toContain('child');
    expect(hook.stdout()).toContain('parent');
  });

  it('sends SIGKILL after the graceful timeout', async () => {
    const hook = start(`trap '' TERM; echo up; while :; do sleep 0.05; done`, { graceful: 100, force: 5000 });
    await eventually(hook.stdout).toContain('up');
    const before = Date.now();
    hook.control.abort();
    expect(await hook.exit).toEqual({ code: -1, description: 'signal: SIGKILL' });
    expect(Date.now() - before).toBeGreaterThanOrEqual(100);
  });

  it('abandons a process whose output stays open after SIGKILL', async () => {
    const hook = start('setsid sh -c "echo up; sleep 2" & wait', { graceful: 20, force: 50 });
    await eventually(hook.stdout).toContain('up');
    hook.control.abort();
    await expect(hook.exit).rejects.toThrow(ProcessNotKilledError);
  });

  it('waits while a child keeps the output open', async () => {
    const hook = start('(sleep 0.3; echo late) & exit 0');
    await hook.exit;
    expect(hook.stdout()).toBe('late\n');
  });
});

describe('checkExit', () => {
  const file = () => join(directory, 'code');
  const exit = (code: number) => ({ code, description: `exit status ${code}` });

  it('accepts success', async () => {
    await expect(checkExit(exit(0), file())).resolves.toBeUndefined();
  });

  it.each([
    ['1 without a file', undefined, 1, 'exit status 1'],
    ["the script's code in the file", '42\n', 42, 'exit status 42'],
    ['the first line of the file', '3\nmore', 3, 'exit status 3'],
  ])('takes the exit code of a build failure from %s', async (_, content, exitCode, message) => {
    if (content !== undefined) await writeFile(file(), content);
    const error = await checkExit(exit(1), file()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BuildError);
    expect(error).toMatchObject({ reason: 'script_failure', exitCode, message });
  });

  it('rejects a file without a number as an unknown exit code', async () => {
    await writeFile(file(), 'abc\n');
    await expect(checkExit(exit(1), file())).rejects.toBeInstanceOf(UnknownExitCodeError);
  });

  it('treats 2 as a system failure and other codes as unknown', async () => {
    const system = await checkExit(exit(2), file()).catch((thrown: unknown) => thrown);
    expect(system).not.toBeInstanceOf(BuildError);
    expect(system).toMatchObject({ message: 'exit status 2' });
    await expect(checkExit(exit(137), file())).rejects.toThrow(
      'unknown Custom executor executable exit code 137',
    );
  });
});
