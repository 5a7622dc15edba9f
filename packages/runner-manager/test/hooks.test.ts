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
  it('opens a session for the job of the response file, and prints what the runner reads as JSON', async () => {
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

  it('ends as a failure of ours, in words, when the job cannot be read', async () => {
    fixture.executor.open.mockRejectedValue(new Error("GitLab's job response is invalid"));
    expect(await fixture.run('config')).toEqual({
      code: SYSTEM_FAILURE,
      output: '',
      errors: "ERROR: GitLab's job response is invalid\n",
    });
  });

  it('ends as a failure of ours when there is no resident process', async () => {
    await new Promise((resolve) => fixture.server.close(resolve));
    expect(await fixture.run('config')).toMatchObject({ code: SYSTEM_FAILURE, output: '' });
  });
});

describe('prepare', () => {
  it('hands its environment over, byte for byte', async () => {
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

  it("does not take a line of the job's text for its result", async () => {
    fixture.executor.prepare.mockImplementation(async (_session, _environment, write) => {
      write('runner-manager-result:success');
      return 'build-failure';
    });
    const { code, output } = await fixture.run('prepare');
    expect({ code, output }).toEqual({ code: BUILD_FAILURE, output: ' runner-manager-result:success\n' });
  });

  it('prints lines as they come', async () => {
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

  it('that is killed tells the resident process, which lets go of the task', async () => {
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

  it('ends as a failure of ours when the answer breaks off', async () => {
    fixture.executor.prepare.mockImplementation(async (_session, _environment, write) => {
      write('so far so good');
      fixture.server.closeAllConnections();
      return new Promise(() => {});
    });
    const { code, output } = await fixture.run('prepare');
    expect(code).toBe(SYSTEM_FAILURE);
    expect(output).toContain('sent an incomplete answer');
  });

  it('ends as a failure of ours when there is no resident process', async () => {
    await new Promise((resolve) => fixture.server.close(resolve));
    expect((await fixture.run('prepare')).code).toBe(SYSTEM_FAILURE);
  });
});

describe('cleanup', () => {
  it('is handed over like prepare', async () => {
    expect((await fixture.run('cleanup')).code).toBe(0);
    expect(fixture.executor.cleanup).toHaveBeenCalledWith(SESSION);
  });

  it('after a config hook that failed has no session, and nothing to end', async () => {
    expect((await fixture.run('cleanup', [], { FARGATE_EXECUTOR_SESSION: '' })).code).toBe(0);
    expect(fixture.executor.cleanup).not.toHaveBeenCalled();
  });

  it('ends as a failure of ours when the task could not be stopped', async () => {
    fixture.executor.cleanup.mockRejectedValue(new Error('Rate exceeded'));
    const { code, output } = await fixture.run('cleanup');
    expect(code).toBe(SYSTEM_FAILURE);
    expect(output).toContain('Rate exceeded');
  });
});
