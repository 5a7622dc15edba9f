import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { jobPayload } from './support/job.ts';
import { RunnerSuite } from './support/runner-suite.ts';

const suite = new RunnerSuite();

describe('the runner', () => {
  it('runs as many jobs concurrently as concurrent allows', async () => {
    // Ends when the test is over, which removes the hooks: nothing else would end it.
    const prepare =
      'echo "$CUSTOM_ENV_CI_CONCURRENT_ID" >> "$(dirname "$0")/ids"; while [ -e "$0" ]; do sleep 0.05; done';
    for (const id of [1, 2, 3]) suite.server.enqueue(jobPayload(id, ['true']));
    await suite.start({ concurrent: 2, bodies: { prepare } });
    await eventually(async () => (await suite.hooks.read('ids')).split('\n').sort().join('')).toBe('01');
    expect(suite.server.requests.filter(({ url }) => url.endsWith('/jobs/request'))).toHaveLength(2);
    suite.runner.signal('SIGQUIT');
  });

  it('does not exceed its limit', async () => {
    for (const id of [1, 2]) suite.server.enqueue(jobPayload(id, ['true']));
    await suite.start({ runner: 'limit = 1' });
    await suite.finished(1);
    expect(suite.server.jobs.get(2)?.updates).toEqual([]);
    await suite.finished(2);
  });

  it('finishes its jobs after SIGQUIT, takes no others, and exits with 0', async () => {
    suite.server.enqueue(jobPayload(1, ['echo started', 'sleep 1', 'echo done']));
    await suite.start({ concurrent: 1 });
    await suite.logged(1, 'started');
    suite.server.enqueue(jobPayload(2, ['true']));
    suite.runner.signal('SIGQUIT');
    await eventually(() => suite.runner.log).toContain('Starting graceful shutdown');
    suite.runner.signal('SIGQUIT');
    expect(await suite.runner.exited).toBe(0);
    expect(suite.server.finalState(1)).toMatchObject({ state: 'success' });
    expect(suite.server.jobs.get(2)?.updates).toEqual([]);
  });

  it('requests no further job once its file has no runner, and finishes running jobs', async () => {
    suite.server.enqueue(jobPayload(1, ['echo started', 'sleep 2', 'echo done']));
    await suite.start();
    await suite.logged(1, 'started');
    await writeFile(suite.runner.configFile, 'concurrent = 4\ncheck_interval = 1\n');
    await eventually(() => suite.runner.log).toContain('Configuration loaded');
    suite.server.enqueue(jobPayload(2, ['true']));
    await suite.finished(1);
    suite.runner.signal('SIGQUIT');
    expect(await suite.runner.exited).toBe(0);
    expect(suite.server.finalState(1)).toMatchObject({ state: 'success' });
    expect(suite.server.jobs.get(2)?.updates).toEqual([]);
  });

  it.each([['SIGTERM'], ['SIGINT']] as const)('ends its jobs after %s as system failures', async (signal) => {
    suite.server.enqueue(jobPayload(1, ['echo started', 'sleep 60']));
    await suite.start({ custom: 'graceful_kill_timeout = 1' });
    await suite.logged(1, 'started');
    suite.runner.signal(signal);
    expect(await suite.runner.exited).toBe(0);
    expect(suite.server.finalState(1)).toMatchObject({
      state: 'failed',
      failure_reason: 'runner_system_failure',
    });
    expect(suite.trace(1)).toContain('ERROR: Job failed (system failure): aborted: ');
    expect((await suite.hooks.calls()).at(-1)).toBe('cleanup');
  });

  it('exits at once after a second SIGTERM', async () => {
    suite.server.enqueue(jobPayload(1, ['echo started', "trap '' TERM; sleep 3"]));
    await suite.start({ bodies: { run: 'trap \'\' TERM\nshift\nsh "$1"' } });
    await suite.logged(1, 'started');
    suite.runner.signal('SIGTERM');
    await eventually(() => suite.runner.log).toContain('Starting forceful shutdown');
    suite.runner.signal('SIGTERM');
    expect(await suite.runner.exited).toBe(1);
    expect(suite.server.finalState(1)).toBeUndefined();
  });

  it('is disabled by three rejections, which is logged', async () => {
    suite.server.runnerToken = 'glrt-another';
    await suite.start();
    await eventually(() => suite.runner.log).toContain('is unhealthy and will be disabled for 1h0m0s');
    expect(suite.runner.log.match(/Checking for jobs\.\.\. forbidden/g)).toHaveLength(3);
    const before = suite.server.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(suite.server.requests).toHaveLength(before);
  });

  it('sends its version and features, and the queue value of the last response', async () => {
    await suite.start();
    await suite.server.until(() => suite.server.requests.length > 1);
    expect(suite.server.requests[0]?.body).toMatchObject({
      token: 'glrt-runnertoken0000',
      system_id: expect.stringMatching(/^[sr]_\w{12}$/),
      info: {
        name: 'gitlab-runner',
        executor: 'custom',
        shell: 'sh',
        platform: 'linux',
        features: {
          cancel_gracefully: true,
          masking: true,
          refspecs: true,
          return_exit_code: true,
          image: false,
        },
      },
    });
    expect(suite.server.requests[0]?.body).not.toHaveProperty('last_update');
    expect(suite.server.requests[1]?.body).toMatchObject({ last_update: 'mark' });
  });
});
