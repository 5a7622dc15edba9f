import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GitLabServer } from './support/gitlab-server.ts';
import { createHooks, type HookName, type Hooks } from './support/hooks.ts';
import { jobPayload } from './support/job.ts';
import { RunnerProcess } from './support/runner-process.ts';

let server: GitLabServer;
let hooks: Hooks;
let runner: RunnerProcess;

beforeEach(async () => {
  server = await new GitLabServer().start();
});
afterEach(async () => {
  runner.signal('SIGKILL');
  await runner.exited;
  await server.stop();
  await hooks.remove();
});

type Setup = {
  bodies?: Partial<Record<HookName, string>>;
  concurrent?: number;
  runner?: string;
  custom?: string;
};

async function start({ bodies, concurrent = 4, runner: options = '', custom }: Setup = {}): Promise<void> {
  hooks = await createHooks(bodies);
  runner = new RunnerProcess(
    hooks.directory,
    `concurrent = ${concurrent}
check_interval = 1
[[runners]]
name = "double"
url = "${server.url}"
token = "glrt-runnertoken0000"
executor = "custom"
shell = "sh"
${options}
[runners.feature_flags]
FF_POSIXLY_CORRECT_ESCAPES = true
${hooks.custom(custom)}`,
  );
}

const finished = (id: number) => server.until(() => server.finalState(id) !== undefined);
const traceOf = (id: number) => server.jobs.get(id)?.trace.toString('utf8') ?? '';
const stages = async () =>
  (await hooks.calls()).flatMap((call) => /^run for-run SCRIPT (\S+)$/.exec(call)?.[1] ?? []);

describe('a job', () => {
  it('runs through its stages, and its cleanup is over before GitLab hears the end', async () => {
    server.enqueue(
      jobPayload(1, [], {
        steps: [
          { name: 'script', script: ['echo "token $CI_JOB_TOKEN"', 'echo "$SECRET"'] },
          { name: 'after_script', script: ['echo "then $CI_JOB_STATUS"'] },
        ],
        variables: [{ key: 'SECRET', value: 'hide-me-please', masked: true }],
      }),
    );
    await start();
    await finished(1);
    expect(server.finalState(1)).toMatchObject({ state: 'success' });
    expect(server.finalState(1)).not.toHaveProperty('exit_code');
    expect(await stages()).toEqual([
      'prepare_script',
      'get_sources',
      'build_script',
      'after_script',
      'cleanup_file_variables',
    ]);
    expect((await hooks.calls()).at(-1)).toBe('cleanup');
    const trace = traceOf(1);
    expect(trace).toContain('Running with gitlab-runner 19.4.0 (double)');
    expect(trace).toContain('Preparing the "custom" executor');
    expect(trace).toContain('Executing "step_script" stage of the job script');
    expect(trace).toContain('token [MASKED]\n');
    expect(trace).toContain('then success\n');
    expect(trace.endsWith('\u001b[32;1mJob succeeded\u001b[0;m\n')).toBe(true);
    expect(trace).not.toMatch(/hide-me-please|jobtoken-1-secret/);
  });

  it('fails with the code of its script, runs after_script and the stages for a failure', async () => {
    server.enqueue(
      jobPayload(1, [], {
        steps: [
          { name: 'script', script: ['exit 3'] },
          { name: 'after_script', script: ['echo "then $CI_JOB_STATUS"'] },
        ],
        artifacts: [{ paths: ['nothing'], when: 'always' }],
        cache: [{ key: 'k', paths: ['nothing'], when: 'always' }],
      }),
    );
    await start();
    await finished(1);
    expect(server.finalState(1)).toMatchObject({
      state: 'failed',
      failure_reason: 'script_failure',
      exit_code: 3,
    });
    expect(await stages()).toEqual([
      'prepare_script',
      'get_sources',
      'restore_cache',
      'build_script',
      'after_script',
      'archive_cache_on_failure',
      'upload_artifacts_on_failure',
      'cleanup_file_variables',
    ]);
    expect(traceOf(1)).toContain('then failed\n');
    expect(traceOf(1)).toContain('ERROR: Job failed: exit status 3');
  });

  it.each([
    ['a system failure of the run hook', { run: 'exit 2' }, 'runner_system_failure', '(system failure)'],
    ['a code that the protocol does not know', { run: 'exit 99' }, 'runner_system_failure', 'exit code 99'],
    ['a build failure of the prepare hook', { prepare: 'exit 1' }, 'script_failure', 'exit status 1'],
    [
      'a config hook without builds_dir',
      { config: 'echo {}' },
      'script_failure',
      'the builds_dir is not configured',
    ],
  ])('fails on %s', async (_, bodies, reason, words) => {
    server.enqueue(jobPayload(1, ['true']));
    await start({ bodies });
    await finished(1);
    expect(server.finalState(1)).toMatchObject({ state: 'failed', failure_reason: reason });
    expect(traceOf(1)).toContain(words);
    expect((await hooks.calls()).at(-1)).toBe('cleanup');
  });

  it('tries its sources again, in a cleared directory, as often as it asks for', async () => {
    server.enqueue(jobPayload(1, ['true'], { variables: [{ key: 'GET_SOURCES_ATTEMPTS', value: '2' }] }));
    await start({ bodies: { run: 'test "$3" != get_sources || exit 2' } });
    await finished(1);
    expect(await stages()).toEqual([
      'prepare_script',
      'get_sources',
      'clear_worktree',
      'get_sources',
      'cleanup_file_variables',
    ]);
  });

  it('is ended when its time is over, without after_script', async () => {
    server.enqueue(
      jobPayload(1, [], {
        runner_info: { timeout: 1 },
        steps: [
          { name: 'script', script: ['sleep 60'] },
          { name: 'after_script', script: ['true'] },
        ],
      }),
    );
    await start({ custom: 'graceful_kill_timeout = 1' });
    await finished(1);
    expect(server.finalState(1)).toMatchObject({ state: 'failed', failure_reason: 'job_execution_timeout' });
    expect(traceOf(1)).toContain('execution took longer than 1s seconds');
    expect(await stages()).not.toContain('after_script');
    expect((await hooks.calls()).at(-1)).toBe('cleanup');
  });

  it.each([
    ['canceling', ['build_script', 'after_script', 'cleanup_file_variables']],
    ['canceled', ['build_script']],
  ])('that is %s goes on with %j', async (status, expected) => {
    const job = server.enqueue(
      jobPayload(1, [], {
        steps: [
          // It speaks, so that each of its patches is answered; a silent job hears of it every 30 seconds.
          { name: 'script', script: ['echo started', 'while :; do echo tick; sleep 0.2; done'] },
          { name: 'after_script', script: ['echo "then $CI_JOB_STATUS"'] },
        ],
      }),
    );
    await start({ custom: 'graceful_kill_timeout = 1' });
    await server.until(() => traceOf(1).includes('started\n'));
    job.status = status;
    await expect.poll(() => runner.log, { timeout: 10_000 }).toContain('Removed job from processing list');
    expect((await stages()).slice(2)).toEqual(expected);
    expect((await hooks.calls()).at(-1)).toBe('cleanup');
    expect(runner.log).toContain('Job failed: canceled');
  });
});

describe('the runner', () => {
  it('takes as many jobs at once as concurrent allows', async () => {
    const gate =
      'echo "$CUSTOM_ENV_CI_CONCURRENT_ID" >> ids; while [ ! -e "$(dirname "$0")/go" ]; do sleep 0.05; done';
    for (const id of [1, 2, 3]) server.enqueue(jobPayload(id, ['true']));
    await start({ concurrent: 2, bodies: { prepare: gate.replace('ids', '"$(dirname "$0")/ids"') } });
    await expect.poll(async () => (await hooks.read('ids')).split('\n').sort().join('')).toBe('01');
    expect(server.requests.filter(({ url }) => url.endsWith('/jobs/request'))).toHaveLength(2);
    runner.signal('SIGQUIT');
  });

  it('keeps to its limit', async () => {
    for (const id of [1, 2]) server.enqueue(jobPayload(id, ['true']));
    await start({ runner: 'limit = 1' });
    await finished(1);
    expect(server.jobs.get(2)?.updates).toEqual([]);
    await finished(2);
  });

  it('finishes its jobs at SIGQUIT, takes no other, and exits with 0', async () => {
    server.enqueue(jobPayload(1, ['echo started', 'sleep 1', 'echo done']));
    await start({ concurrent: 1 });
    await server.until(() => traceOf(1).includes('started\n'));
    server.enqueue(jobPayload(2, ['true']));
    runner.signal('SIGQUIT');
    await expect.poll(() => runner.log).toContain('Starting graceful shutdown');
    runner.signal('SIGQUIT');
    expect(await runner.exited).toBe(0);
    expect(server.finalState(1)).toMatchObject({ state: 'success' });
    expect(server.jobs.get(2)?.updates).toEqual([]);
  });

  it.each([['SIGTERM'], ['SIGINT']] as const)('ends its jobs at %s as a system failure', async (signal) => {
    server.enqueue(jobPayload(1, ['echo started', 'sleep 60']));
    await start({ custom: 'graceful_kill_timeout = 1' });
    await server.until(() => traceOf(1).includes('started\n'));
    runner.signal(signal);
    expect(await runner.exited).toBe(0);
    expect(server.finalState(1)).toMatchObject({ state: 'failed', failure_reason: 'runner_system_failure' });
    expect(traceOf(1)).toContain('ERROR: Job failed (system failure): aborted: ');
    expect((await hooks.calls()).at(-1)).toBe('cleanup');
  });

  it('ends at once at a second SIGTERM', async () => {
    server.enqueue(jobPayload(1, ['echo started', "trap '' TERM; sleep 3"]));
    await start({ bodies: { run: 'trap \'\' TERM\nshift\nsh "$1"' } });
    await server.until(() => traceOf(1).includes('started\n'));
    runner.signal('SIGTERM');
    await expect.poll(() => runner.log).toContain('Starting forceful shutdown');
    runner.signal('SIGTERM');
    expect(await runner.exited).toBe(1);
    expect(server.finalState(1)).toBeUndefined();
  });

  it('is turned off by three refusals, and says so', async () => {
    server.runnerToken = 'glrt-another';
    await start();
    await expect
      .poll(() => runner.log, { timeout: 10_000 })
      .toContain('is unhealthy and will be disabled for 1h0m0s');
    expect(runner.log.match(/Checking for jobs\.\.\. forbidden/g)).toHaveLength(3);
    const before = server.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(server.requests).toHaveLength(before);
  });

  it('sends what it is and can, and the mark of the last answer', async () => {
    await start();
    await server.until(() => server.requests.length > 1);
    expect(server.requests[0]?.body).toMatchObject({
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
    expect(server.requests[0]?.body).not.toHaveProperty('last_update');
    expect(server.requests[1]?.body).toMatchObject({ last_update: 'mark' });
  });
});
