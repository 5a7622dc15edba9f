import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { prepareExecutor } from '../src/build/prepare-executor.ts';
import { JobCanceledError } from '../src/errors.ts';
import { CustomExecutor, type ExecutorOptions } from '../src/executor/custom-executor.ts';
import { Logger } from '../src/log.ts';
import { JobLog } from '../src/trace/job-log.ts';
import { identityOf } from './support/context.ts';
import { eventually } from './support/eventually.ts';
import { createHooks, type HookName, type Hooks } from './support/hooks.ts';

const QUICK = { attempts: 3, interval: 10 };

let hooks: Hooks;
afterEach(() => hooks.remove());

async function options(
  bodies: Partial<Record<HookName, string>> = {},
  extra: Record<string, unknown> = {},
  custom = '',
) {
  hooks = await createHooks(bodies);
  const jobLines: string[] = [];
  const logLines: string[] = [];
  const given: ExecutorOptions = {
    identity: identityOf(extra, hooks.custom(custom)),
    rawJob: JSON.stringify({
      id: 1,
      unknown: 'kept',
      image: { name: 'node:$VERSION', alias: null, entrypoint: ['sh'] },
      services: [{ name: 'redis:$VERSION$UNSET', alias: 'cache,kv', command: ['$VERSION'] }],
    }),
    inherited: { PATH: process.env.PATH ?? '', FROM_MANAGER: 'yes' },
    temporaryDirectory: hooks.directory,
    jobLog: new JobLog(
      { write: (data) => jobLines.push(data.toString('utf8')) },
      { secrets: [], tokenPrefixes: [], sections: false },
    ),
    log: new Logger({ format: 'runner', level: 'debug' }, {}, (line) => logLines.push(line)),
  };
  return { given, jobText: () => jobLines.join(''), logText: () => logLines.join('\n') };
}

const never = () => new AbortController().signal;

describe('CustomExecutor', () => {
  it('calls the hooks in order, with their arguments, the script and the stage', async () => {
    const { given, jobText } = await options({ run: 'cat "$2"' });
    const executor = new CustomExecutor(given);
    await executor.prepare(never());
    await executor.run('prepare_script', '# first script\n', never());
    await executor.run('step_script', '# second script\n', never());
    await executor.cleanup();
    expect(await hooks.calls()).toEqual([
      'config',
      'prepare first second word',
      'run for-run SCRIPT prepare_script',
      'run for-run SCRIPT build_script',
      'cleanup',
    ]);
    expect(jobText()).toContain('prepared\n');
    expect(jobText()).toContain('# first script\n');
    expect(jobText()).toContain('# second script\n');
  });

  it('passes the environment of the protocol to hooks', async () => {
    const config = `echo '{"builds_dir":"/b","cache_dir":"/c","job_env":{"FROM_CONFIG":"x"}}'`;
    const { given } = await options(
      {
        config,
        prepare:
          'cp "$JOB_RESPONSE_FILE" "$(dirname "$0")/response"; stat -c %a "$JOB_RESPONSE_FILE"; pwd > "$(dirname "$0")/pwd"',
      },
      {
        image: { name: 'node:$VERSION' },
        services: [
          {
            name: 'redis:$VERSION',
            alias: 'cache,kv',
            command: ['run'],
            variables: [{ key: 'A', value: 'v$VERSION' }],
          },
          { name: 'plain' },
        ],
        variables: [
          { key: 'VERSION', value: '20' },
          { key: 'CERT', value: 'content', file: true },
        ],
      },
    );
    const executor = new CustomExecutor(given);
    await executor.prepare(never());
    const [configHook, prepare] = [await hooks.environment('config'), await hooks.environment('prepare')];
    expect(Object.fromEntries(prepare)).toMatchObject({
      FROM_MANAGER: 'yes',
      FROM_CONFIG: 'x',
      BUILD_FAILURE_EXIT_CODE: '1',
      SYSTEM_FAILURE_EXIT_CODE: '2',
      CUSTOM_ENV_CI_JOB_IMAGE: 'node:20',
      CUSTOM_ENV_VERSION: '20',
      CUSTOM_ENV_CERT: 'content',
      CUSTOM_ENV_CI_BUILDS_DIR: '/b',
      CUSTOM_ENV_CI_PROJECT_DIR: '/b/group/demo',
      CUSTOM_ENV_CI_SHARED_ENVIRONMENT: 'true',
    });
    expect(JSON.parse(prepare.get('CUSTOM_ENV_CI_JOB_SERVICES') ?? '')).toEqual([
      { name: 'redis:20', alias: 'cache', entrypoint: null, command: ['run'], variables: { A: 'v20' } },
      { name: 'plain', alias: '', entrypoint: null, command: null },
    ]);
    expect(configHook.get('FROM_CONFIG')).toBeUndefined();
    expect(configHook.get('CUSTOM_ENV_CI_PROJECT_DIR')).toBe('');
    expect((await hooks.read('pwd')).trim()).toBe(prepare.get('TMPDIR'));
    expect(prepare.get('BUILD_EXIT_CODE_FILE')).toBe(join(prepare.get('TMPDIR') ?? '', 'build_exit_code'));
    expect(JSON.parse(await hooks.read('response'))).toEqual({
      id: 1,
      unknown: 'kept',
      image: { name: 'node:20', alias: '', entrypoint: ['sh'] },
      services: [{ name: 'redis:20', alias: 'cache,kv', command: ['$VERSION'] }],
    });
    await executor.cleanup();
    await expect(readFile(prepare.get('JOB_RESPONSE_FILE') ?? '')).rejects.toThrow();
  });

  it.each([
    [
      'with a version',
      '{"name":"fargate","version":"1.2"}',
      'Using Custom executor with driver fargate 1.2...',
    ],
    ['without a version', '{"name":"fargate"}', 'Using Custom executor with driver fargate...'],
    ['without a name', 'null', 'Using Custom executor...'],
  ])('logs the driver %s', async (_, driver, line) => {
    const config = `echo '{"builds_dir":"/b","cache_dir":"/c","driver":${driver}}'`;
    const { given, jobText } = await options({ config });
    await new CustomExecutor(given).prepare(never());
    expect(jobText()).toContain(line);
  });

  it.each([
    ['shell', '"shell":"sh"', (executor: CustomExecutor) => executor.context.runner.shell, 'sh'],
    ['hostname', '"hostname":"task-1"', (executor: CustomExecutor) => executor.context.hostname, 'task-1'],
    [
      'a shared builds_dir',
      '"builds_dir_is_shared":true',
      (executor: CustomExecutor) => executor.context.directories.build,
      '/b/abcdefghi/0/group/demo',
    ],
  ])('uses %s from the config hook', async (_, part, read, expected) => {
    const { given } = await options({ config: `echo '{"builds_dir":"/b","cache_dir":"/c",${part}}'` });
    const executor = new CustomExecutor(given);
    await executor.prepare(never());
    expect(read(executor)).toBe(expected);
  });

  it.each([
    ['invalid JSON', 'echo nonsense', 'error while parsing JSON output'],
    ['no builds_dir', 'echo {}', 'the builds_dir is not configured'],
    ['no cache_dir', `echo '{"builds_dir":"/b"}'`, 'the cache_dir is not configured'],
  ])('fails after a config hook that prints %s', async (_, config, message) => {
    const { given } = await options({ config });
    await expect(new CustomExecutor(given).prepare(never())).rejects.toThrow(message);
  });

  it('stops a hook that exceeds its timeout', async () => {
    const { given } = await options(
      { prepare: 'sleep 30' },
      {},
      'prepare_exec_timeout = 1\ngraceful_kill_timeout = 1',
    );
    await expect(new CustomExecutor(given).prepare(never())).rejects.toThrow('signal: SIGTERM');
  });

  it('writes output of the cleanup hook to its own log and ignores its failure', async () => {
    const { given, jobText, logText } = await options({ cleanup: 'echo out; echo trouble >&2; exit 3' });
    const executor = new CustomExecutor(given);
    await executor.prepare(never());
    await executor.cleanup();
    expect(logText()).toMatch(/WARNING: trouble .*cleanup_std.*=err/);
    expect(jobText()).not.toContain('trouble');
    expect(jobText()).toContain(
      'WARNING: Cleanup script failed: unknown Custom executor executable exit code 3',
    );
  });
});

describe('prepareExecutor', () => {
  it('makes three attempts after system failures, with a cleanup after each', async () => {
    const { given, jobText } = await options({ prepare: 'exit "$SYSTEM_FAILURE_EXIT_CODE"' });
    await expect(prepareExecutor(given, never(), QUICK)).rejects.toThrow('exit status 2');
    const round = ['config', 'prepare first second word', 'cleanup'];
    expect(await hooks.calls()).toEqual([...round, ...round, ...round]);
    expect(jobText().match(/ERROR: Preparation failed: exit status 2/g)).toHaveLength(3);
    expect(jobText()).toContain('Will be retried in 10ms ...');
  });

  it('continues after a successful attempt', async () => {
    const { given } = await options({
      prepare: 'if [ -e ../ok-DIR ]; then exit 0; fi; touch ../ok-DIR; exit 2'.replaceAll(
        '../ok-DIR',
        '"$(dirname "$0")/tried"',
      ),
    });
    const executor = await prepareExecutor(given, never(), QUICK);
    await executor.cleanup();
    expect((await hooks.calls()).filter((call) => call.startsWith('prepare'))).toHaveLength(2);
  });

  it('does not retry after a build failure', async () => {
    const { given } = await options({
      prepare: 'echo 12 > "$BUILD_EXIT_CODE_FILE"; exit "$BUILD_FAILURE_EXIT_CODE"',
    });
    await expect(prepareExecutor(given, never(), QUICK)).rejects.toMatchObject({
      reason: 'script_failure',
      exitCode: 12,
    });
    expect(await hooks.calls()).toEqual(['config', 'prepare first second word', 'cleanup']);
  });

  it('makes no further attempt when the job has ended', async () => {
    const { given } = await options({ prepare: 'sleep 30' }, {}, 'graceful_kill_timeout = 1');
    const control = new AbortController();
    const preparing = prepareExecutor(given, control.signal, QUICK);
    await eventually(async () => (await hooks.calls()).length).toBe(2);
    control.abort(new JobCanceledError());
    await expect(preparing).rejects.toBeInstanceOf(JobCanceledError);
    expect(await hooks.calls()).toEqual(['config', 'prepare first second word', 'cleanup']);
  });
});
