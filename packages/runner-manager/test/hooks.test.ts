import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
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

describe('config', () => {
  it("opens a session for the job in the response file, and prints the runner's configuration as JSON", async () => {
    const { output } = await fixture.run('config');
    expect(fixture.executor.open).toHaveBeenCalledWith(join(fixture.folder, 'response.json'));
    expect(JSON.parse(output)).toEqual({
      builds_dir: '/builds',
      cache_dir: '/cache',
      builds_dir_is_shared: false,
      driver: { name: 'serverless-gitlab-runner Fargate', version: packageJson.version },
      job_env: { FARGATE_EXECUTOR_SESSION: SESSION },
    });
  });

  it('is a system failure with a message when the job cannot be read', async () => {
    fixture.executor.open.mockRejectedValue(new Error("GitLab's job response is invalid"));
    expect(await fixture.run('config')).toEqual({
      code: SYSTEM_FAILURE,
      output: '',
      errors: "ERROR: GitLab's job response is invalid\n",
    });
  });

  it('is a system failure without a resident process', async () => {
    await new Promise((resolve) => fixture.server.close(resolve));
    expect(await fixture.run('config')).toMatchObject({ code: SYSTEM_FAILURE, output: '' });
  });
});

describe('prepare', () => {
  it('passes its environment on, byte for byte', async () => {
    await fixture.run('prepare');
    const [session, environment] = fixture.executor.prepare.mock.calls[0] ?? [];
    expect(session).toBe(SESSION);
    expect(environment?.get('CUSTOM_ENV_ODD')).toBe('a line\nand "another" $one');
    expect([...(environment?.keys() ?? [])].filter((name) => name.startsWith('AWS'))).toEqual([]);
  });

  it.each([
    ['success', 0],
    ['build-failure', BUILD_FAILURE],
    ['system-failure', SYSTEM_FAILURE],
  ] as const)(
    'ends a %s with exit code %i, and prints the lines for the job log only',
    async (result, code) => {
      fixture.executor.prepare.mockImplementation(async (_session, _environment, write) => {
        write('first line');
        write('  second \\n line');
        return result;
      });
      expect(await fixture.run('prepare')).toEqual({
        code,
        output: 'first line\n  second \\n line\n',
        errors: '',
      });
    },
  );

  it("does not parse a line of the job's text as its result", async () => {
    fixture.executor.prepare.mockImplementation(async (_session, _environment, write) => {
      write('runner-manager-result:success');
      return 'build-failure';
    });
    const { code, output } = await fixture.run('prepare');
    expect({ code, output }).toEqual({ code: BUILD_FAILURE, output: ' runner-manager-result:success\n' });
  });

  it('prints lines as they arrive', async () => {
    const held = Promise.withResolvers<void>();
    fixture.executor.prepare.mockImplementation(async (_session, _environment, write) => {
      write('the first line');
      await held.promise;
      return 'success';
    });
    const { child, ended } = fixture.start('prepare');
    let seen = '';
    child.stdout?.on('data', (chunk) => {
      seen += chunk;
    });
    await vi.waitFor(() => expect(seen).toContain('the first line'));
    held.resolve();
    expect((await ended).code).toBe(0);
  });

  it('disconnects from the resident process when it is killed, which stops the task', async () => {
    const hungUp = Promise.withResolvers<void>();
    const held = Promise.withResolvers<'success'>();
    fixture.executor.prepare.mockImplementation(async (_session, _environment, _write, hangUp) => {
      hangUp.addEventListener('abort', () => hungUp.resolve());
      return held.promise;
    });
    const { child, ended } = fixture.start('prepare');
    await vi.waitFor(() => expect(fixture.executor.prepare).toHaveBeenCalled());
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    await hungUp.promise;
    held.resolve('success');
    await ended;
  });

  it('is a system failure when the answer is incomplete', async () => {
    fixture.executor.prepare.mockImplementation(async (_session, _environment, write) => {
      write('so far so good');
      fixture.server.closeAllConnections();
      return new Promise(() => {});
    });
    const { code, output } = await fixture.run('prepare');
    expect(code).toBe(SYSTEM_FAILURE);
    expect(output).toContain('sent an incomplete answer');
  });

  it('is a system failure without a resident process', async () => {
    await new Promise((resolve) => fixture.server.close(resolve));
    expect((await fixture.run('prepare')).code).toBe(SYSTEM_FAILURE);
  });
});

describe('cleanup', () => {
  it('is passed on like prepare', async () => {
    expect((await fixture.run('cleanup')).code).toBe(0);
    expect(fixture.executor.cleanup).toHaveBeenCalledWith(SESSION);
  });

  it('does nothing without a session, after a failed config hook', async () => {
    expect((await fixture.run('cleanup', [], { FARGATE_EXECUTOR_SESSION: '' })).code).toBe(0);
    expect(fixture.executor.cleanup).not.toHaveBeenCalled();
  });

  it('is a system failure when the task could not be stopped', async () => {
    fixture.executor.cleanup.mockRejectedValue(new Error('Rate exceeded'));
    const { code, output } = await fixture.run('cleanup');
    expect(code).toBe(SYSTEM_FAILURE);
    expect(output).toContain('Rate exceeded');
  });
});
