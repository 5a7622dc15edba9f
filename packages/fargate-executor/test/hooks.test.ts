import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BUILD_FAILURE, type HookBed, makeHookBed, SYSTEM_FAILURE } from './support/hook-bed.ts';

let bed: HookBed;

beforeEach(async () => {
  bed = await makeHookBed();
});

afterEach(() => bed.remove());

describe('config', () => {
  it('prints what the runner reads as JSON', async () => {
    const { output } = await bed.run('config');
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
    await bed.run('prepare');
    const environment = bed.executor.prepare.mock.calls[0]?.[0];
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
      bed.executor.prepare.mockImplementation(async (_, write) => {
        write('first line');
        write('  second \\n line');
        return result;
      });
      expect(await bed.run('prepare')).toEqual({
        code,
        output: 'first line\n  second \\n line\n',
        errors: '',
      });
    },
  );

  it('prints lines as they come', async () => {
    const held = Promise.withResolvers<void>();
    bed.executor.prepare.mockImplementation(async (_, write) => {
      write('the first line');
      await held.promise;
      return 'success';
    });
    const { child, ended } = bed.start('prepare');
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
    bed.executor.prepare.mockImplementation(async (_environment, _write, hangUp) => {
      hangUp.addEventListener('abort', () => hungUp.resolve());
      return held.promise;
    });
    const { child, ended } = bed.start('prepare');
    await vi.waitFor(() => expect(bed.executor.prepare).toHaveBeenCalled());
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    await hungUp.promise;
    held.resolve('success');
    await ended;
  });

  it('ends as a failure of ours when the answer breaks off', async () => {
    bed.executor.prepare.mockImplementation(async (_, write) => {
      write('so far so good');
      bed.server.closeAllConnections();
      return new Promise(() => {});
    });
    const { code, output } = await bed.run('prepare');
    expect(code).toBe(SYSTEM_FAILURE);
    expect(output).toContain('did not answer to the end');
  });

  it('ends as a failure of ours when there is no resident process', async () => {
    await new Promise((resolve) => bed.server.close(resolve));
    expect((await bed.run('prepare')).code).toBe(SYSTEM_FAILURE);
  });
});

describe('cleanup', () => {
  it('is handed over like prepare', async () => {
    expect((await bed.run('cleanup')).code).toBe(0);
    expect(bed.executor.cleanup.mock.calls[0]?.[0].get('CUSTOM_ENV_CI_JOB_ID')).toBe('42');
  });

  it('ends as a failure of ours when the task could not be stopped', async () => {
    bed.executor.cleanup.mockRejectedValue(new Error('Rate exceeded'));
    const { code, output } = await bed.run('cleanup');
    expect(code).toBe(SYSTEM_FAILURE);
    expect(output).toContain('Rate exceeded');
  });
});
