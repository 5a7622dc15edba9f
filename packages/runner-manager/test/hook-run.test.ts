import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  BUILD_FAILURE,
  type HookFixture,
  makeHookFixture,
  SESSION,
  SYSTEM_FAILURE,
} from './support/hook-fixture.ts';

let fixture: HookFixture;

beforeEach(async () => {
  fixture = await makeHookFixture();
});

afterEach(() => fixture.remove());

describe('run', () => {
  /** Puts an `ssh` before the real one that does as the shell lines say. */
  async function ssh(lines: string): Promise<void> {
    await mkdir(join(fixture.folder, 'bin'), { recursive: true });
    const path = join(fixture.folder, 'bin/ssh');
    await writeFile(path, `#!/bin/sh\necho "$*" >> '${fixture.folder}/calls'\n${lines}\n`);
    await chmod(path, 0o755);
    await writeFile(join(fixture.folder, 'script'), 'echo the script\n');
  }
  const stage = () => fixture.run('run', [join(fixture.folder, 'script'), 'build_script']);

  it('sends the script over the existing connection, and prints only its output', async () => {
    await ssh('cat; printf "\\000\\377 no newline"; echo "job-helper: exit 0" >&2');
    const { child, ended } = fixture.start('run', [join(fixture.folder, 'script'), 'build_script']);
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    expect(await ended).toMatchObject({ code: 0, errors: '' });
    expect(Buffer.concat(chunks)).toEqual(Buffer.from('echo the script\n\0\xff no newline', 'latin1'));
    const [call = '', ...others] = (await readFile(join(fixture.folder, 'calls'), 'utf8')).trim().split('\n');
    expect(others).toEqual([]);
    expect(call).toContain(`-F ${fixture.folder}/jobs/${SESSION}/ssh_config -o ProxyCommand=false job stage`);
    expect(call).toMatch(/ stage build_script 16 \w{8,}$/);
  });

  it.each([1, 3, 137, 255])('reports to the runner that the script exited with %i', async (code) => {
    await ssh(`echo "job-helper: exit ${code}" >&2`);
    expect((await stage()).code).toBe(BUILD_FAILURE);
    expect(await readFile(join(fixture.folder, 'exit-code'), 'utf8')).toBe(`${code}\n`);
  });

  it.each([
    ['[1-99999999]'],
    ['../../../why/4711'],
    ['{1,2,3}'],
    ['1000'],
    ['-1'],
    ['1 0'.replace(' ', '\\t')],
    ['*'],
    ['$(id)'],
    [''],
  ])('does not accept the exit code %j, which a job could make its helper send', async (code) => {
    await ssh(`printf '%s\\n' 'job-helper: exit ${code}' >&2`);
    expect((await stage()).code).toBe(SYSTEM_FAILURE);
    expect(fixture.executor.why).toHaveBeenCalledExactlyOnceWith(SESSION, expect.any(Function));
    expect(fixture.executor.afterStage).not.toHaveBeenCalled();
  });

  it('asks for the reason when ssh cannot be started', async () => {
    await ssh('');
    const { code, errors } = await fixture.run('run', [join(fixture.folder, 'script'), 'build_script'], {
      PATH: '/none',
    });
    expect({ code, errors }).toEqual({ code: SYSTEM_FAILURE, errors: '' });
    expect(fixture.executor.why).toHaveBeenCalledTimes(1);
  });

  it('treats an exit code of zeros as success', async () => {
    await ssh('echo "job-helper: exit 000" >&2');
    expect((await stage()).code).toBe(0);
  });

  it("keeps a few thousand bytes of a helper's standard error without blocking it", async () => {
    await ssh("head -c 50000000 /dev/zero | tr '\\0' x >&2; echo over");
    const { code, output } = await stage();
    expect({ code, output }).toEqual({
      code: SYSTEM_FAILURE,
      output: 'over\nThe job task was stopped from outside\n',
    });
  });

  it('does not wait for a connection that keeps standard error open after ssh has exited', async () => {
    await ssh('setsid sleep 60 > /dev/null & echo "job-helper: exit 0" >&2');
    const startedAt = Date.now();
    expect((await stage()).code).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(30_000);
  });

  it('passes its output to no process that may outlive it, since gitlab-runner would wait for that', async () => {
    const seen = join(fixture.folder, 'output-of-cancel');
    await ssh(`case "$*" in
      *cancel*) echo "$(readlink /proc/$$/fd/1) $(readlink /proc/$$/fd/2)" > '${seen}.new'; mv '${seen}.new' '${seen}' ;;
      *) echo started; until [ -e '${seen}' ]; do sleep 0.05; done; echo 'job-helper: exit 143' >&2 ;;
    esac`);
    const { child, ended } = fixture.start('run', [join(fixture.folder, 'script'), 'build_script']);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    await ended;
    expect(await readFile(seen, 'utf8')).toBe('/dev/null /dev/null\n');
  });

  it('leaves nothing behind in the temporary folder', async () => {
    const temporary = join(fixture.folder, 'tmp');
    await mkdir(temporary);
    await ssh('echo "job-helper: exit 0" >&2');
    await fixture.run('run', [join(fixture.folder, 'script'), 'build_script'], { TMPDIR: temporary });
    expect(await readdir(temporary)).toEqual([]);
  });

  it("does not pass an earlier stage's exit code to the runner", async () => {
    await writeFile(join(fixture.folder, 'exit-code'), '3\n');
    fixture.executor.why.mockResolvedValue('build-failure');
    await ssh('exit 255');
    expect((await stage()).code).toBe(BUILD_FAILURE);
    expect(existsSync(join(fixture.folder, 'exit-code'))).toBe(false);
  });

  it.each([
    ['the connection is lost', 'exit 255'],
    ['the container ended', 'echo "job-helper: lost" >&2'],
    ['ssh ends well without a word', 'exit 0'],
  ])('asks for the reason, and fails as a system failure, when %s', async (_, lines) => {
    await ssh(`echo output; ${lines}`);
    expect(await stage()).toEqual({
      code: SYSTEM_FAILURE,
      output: 'output\nThe job task was stopped from outside\n',
      errors: '',
    });
    expect(fixture.executor.why).toHaveBeenCalledWith(SESSION, expect.any(Function));
    expect(fixture.executor.afterStage).not.toHaveBeenCalled();
  });

  it('requests the stage again, with the same ID, over a reopened connection', async () => {
    fixture.executor.again.mockResolvedValue(true);
    await ssh(`if [ -e '${fixture.folder}/first' ]; then echo more; echo 'job-helper: exit 3' >&2
      else touch '${fixture.folder}/first'; echo output; exit 255; fi`);
    expect(await stage()).toEqual({ code: BUILD_FAILURE, output: 'output\nmore\n', errors: '' });
    const calls = (await readFile(join(fixture.folder, 'calls'), 'utf8')).trim().split('\n');
    expect(calls).toHaveLength(2);
    expect(calls[1]).toBe(calls[0]);
    expect(fixture.executor.why).not.toHaveBeenCalled();
  });

  it('asks for the reason when the connection is lost again', async () => {
    fixture.executor.again.mockResolvedValue(true);
    await ssh('exit 255');
    expect((await stage()).code).toBe(SYSTEM_FAILURE);
    expect(fixture.executor.again).toHaveBeenCalledTimes(1);
    expect(fixture.executor.why).toHaveBeenCalledTimes(1);
  });

  it('repeats a cancel that came while there was no connection', async () => {
    fixture.executor.again.mockResolvedValue(true);
    await ssh(`case "$*" in
      *cancel*) if [ -e '${fixture.folder}/unheard' ]; then touch '${fixture.folder}/cancelled'; else touch '${fixture.folder}/unheard'; fi ;;
      *) if [ -e '${fixture.folder}/unheard' ]; then
           until [ -e '${fixture.folder}/cancelled' ]; do sleep 0.05; done; echo 'job-helper: exit 143' >&2
         else
           echo started; until [ -e '${fixture.folder}/unheard' ]; do sleep 0.05; done; exit 255
         fi ;;
    esac`);
    const { child, ended } = fixture.start('run', [join(fixture.folder, 'script'), 'build_script']);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    expect((await ended).code).toBe(BUILD_FAILURE);
  });

  it('does not report the exit code of a stage before it', async () => {
    await writeFile(join(fixture.folder, 'exit-code'), '7\n');
    await ssh('exit 255');
    await stage();
    await expect(readFile(join(fixture.folder, 'exit-code'), 'utf8')).rejects.toThrow(/ENOENT/);
  });

  it('fails as a build failure if that is the reason', async () => {
    fixture.executor.why.mockResolvedValue('build-failure');
    await ssh('exit 255');
    expect((await stage()).code).toBe(BUILD_FAILURE);
  });

  it.each([
    [0, 0],
    [7, BUILD_FAILURE],
  ])('after a script that exited with %i prints the lines for the job log', async (exitCode, code) => {
    fixture.executor.afterStage.mockResolvedValue(['one line', 'another']);
    await ssh(`echo output; echo "job-helper: exit ${exitCode}" >&2`);
    expect(await stage()).toEqual({ code, output: 'output\none line\nanother\n', errors: '' });
    expect(fixture.executor.afterStage).toHaveBeenCalledWith(SESSION, { name: 'build_script', exitCode });
  });

  it('does not fail if the resident process does not answer after the stage', async () => {
    await ssh('echo "job-helper: exit 0" >&2');
    await new Promise((resolve) => fixture.server.close(resolve));
    expect((await stage()).code).toBe(0);
  });

  it("does not parse the script's output as its result", async () => {
    await ssh('echo "job-helper: exit 0"; echo "job-helper: exit 5" >&2');
    expect((await stage()).code).toBe(BUILD_FAILURE);
  });

  it('on SIGTERM lets the helper end the stage, and still prints its last output', async () => {
    await ssh(`case "$*" in
      *cancel*) touch '${fixture.folder}/cancelled' ;;
      *) echo started; until [ -e '${fixture.folder}/cancelled' ]; do sleep 0.05; done
         echo 'last words'; echo 'job-helper: exit 143' >&2 ;;
    esac`);
    const { child, ended } = fixture.start('run', [join(fixture.folder, 'script'), 'build_script']);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    expect((await ended).code).toBe(BUILD_FAILURE);
    expect(await readFile(join(fixture.folder, 'calls'), 'utf8')).toMatch(
      /job stage build_script 16 (\w+)\n.*job cancel 10 \1\n$/,
    );
  });
});
