import { describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { jobPayload } from './support/job.ts';
import { RunnerSuite } from './support/runner-suite.ts';

const suite = new RunnerSuite();

describe('a job', () => {
  it('runs its stages, and its cleanup is complete before its end is reported to GitLab', async () => {
    suite.server.enqueue(
      jobPayload(1, [], {
        steps: [
          { name: 'script', script: ['echo "token $CI_JOB_TOKEN"', 'echo "$SECRET"'] },
          { name: 'after_script', script: ['echo "then $CI_JOB_STATUS"'] },
        ],
        variables: [{ key: 'SECRET', value: 'hide-me-please', masked: true }],
      }),
    );
    await suite.start();
    await suite.finished(1);
    expect(suite.server.finalState(1)).toMatchObject({ state: 'success' });
    expect(suite.server.finalState(1)).not.toHaveProperty('exit_code');
    expect(await suite.stages()).toEqual([
      'prepare_script',
      'get_sources',
      'build_script',
      'after_script',
      'cleanup_file_variables',
    ]);
    expect((await suite.hooks.calls()).at(-1)).toBe('cleanup');
    const trace = suite.trace(1);
    expect(trace).toContain('Running with gitlab-runner 19.4.0 (double)');
    expect(trace).toContain('Preparing the "custom" executor');
    expect(trace).toContain('Executing "step_script" stage of the job script');
    expect(trace).toContain('token [MASKED]\n');
    expect(trace).toContain('then success\n');
    expect(trace.endsWith('\u001b[32;1mJob succeeded\u001b[0;m\n')).toBe(true);
    expect(trace).not.toMatch(/hide-me-please|jobtoken-1-secret/);
  });

  it('fails with the exit code of its script and runs after_script and the failure stages', async () => {
    suite.server.enqueue(
      jobPayload(1, [], {
        steps: [
          { name: 'script', script: ['exit 3'] },
          { name: 'after_script', script: ['echo "then $CI_JOB_STATUS"'] },
        ],
        artifacts: [{ paths: ['nothing'], when: 'always' }],
        cache: [{ key: 'k', paths: ['nothing'], when: 'always' }],
      }),
    );
    await suite.start();
    await suite.finished(1);
    expect(suite.server.finalState(1)).toMatchObject({
      state: 'failed',
      failure_reason: 'script_failure',
      exit_code: 3,
    });
    expect(await suite.stages()).toEqual([
      'prepare_script',
      'get_sources',
      'restore_cache',
      'build_script',
      'after_script',
      'archive_cache_on_failure',
      'upload_artifacts_on_failure',
      'cleanup_file_variables',
    ]);
    expect(suite.trace(1)).toContain('then failed\n');
    expect(suite.trace(1)).toContain('ERROR: Job failed: exit status 3');
  });

  it.each([
    ['a system failure of the run hook', { run: 'exit 2' }, 'runner_system_failure', '(system failure)'],
    ['an unknown exit code', { run: 'exit 99' }, 'runner_system_failure', 'exit code 99'],
    ['a build failure of the prepare hook', { prepare: 'exit 1' }, 'script_failure', 'exit status 1'],
    [
      'a config hook without builds_dir',
      { config: 'echo {}' },
      'script_failure',
      'the builds_dir is not configured',
    ],
  ])('fails after %s', async (_, bodies, reason, words) => {
    suite.server.enqueue(jobPayload(1, ['true']));
    await suite.start({ bodies });
    await suite.finished(1);
    expect(suite.server.finalState(1)).toMatchObject({ state: 'failed', failure_reason: reason });
    expect(suite.trace(1)).toContain(words);
    expect((await suite.hooks.calls()).at(-1)).toBe('cleanup');
  });

  it('retries get_sources in a cleared directory, up to GET_SOURCES_ATTEMPTS', async () => {
    suite.server.enqueue(
      jobPayload(1, ['true'], { variables: [{ key: 'GET_SOURCES_ATTEMPTS', value: '2' }] }),
    );
    await suite.start({ bodies: { run: 'test "$3" != get_sources || exit 2' } });
    await suite.finished(1);
    expect(await suite.stages()).toEqual([
      'prepare_script',
      'get_sources',
      'clear_worktree',
      'get_sources',
      'cleanup_file_variables',
    ]);
  });

  it('ends at its timeout, without after_script', async () => {
    suite.server.enqueue(
      jobPayload(1, [], {
        runner_info: { timeout: 1 },
        steps: [
          { name: 'script', script: ['sleep 60'] },
          { name: 'after_script', script: ['true'] },
        ],
      }),
    );
    await suite.start({ custom: 'graceful_kill_timeout = 1' });
    await suite.finished(1);
    expect(suite.server.finalState(1)).toMatchObject({
      state: 'failed',
      failure_reason: 'job_execution_timeout',
    });
    expect(suite.trace(1)).toContain('execution took longer than 1s seconds');
    expect(await suite.stages()).not.toContain('after_script');
    expect((await suite.hooks.calls()).at(-1)).toBe('cleanup');
  });

  it.each([
    ['canceling', ['build_script', 'after_script', 'cleanup_file_variables']],
    ['canceled', ['build_script']],
  ])('that is %s runs the stages %j', async (status, expected) => {
    const job = suite.server.enqueue(
      jobPayload(1, [], {
        steps: [
          // It writes output, so the response to each patch reports the status. A silent job learns it every 30 seconds.
          { name: 'script', script: ['echo started', 'while :; do echo tick; sleep 0.2; done'] },
          { name: 'after_script', script: ['echo "then $CI_JOB_STATUS"'] },
        ],
      }),
    );
    await suite.start({ custom: 'graceful_kill_timeout = 1' });
    await suite.logged(1, 'started');
    job.status = status;
    await eventually(() => suite.runner.log).toContain('Removed job from processing list');
    expect((await suite.stages()).slice(2)).toEqual(expected);
    expect((await suite.hooks.calls()).at(-1)).toBe('cleanup');
    expect(suite.runner.log).toContain('Job failed: canceled');
  });
});
