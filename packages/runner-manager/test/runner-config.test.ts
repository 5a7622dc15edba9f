import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { RunnerCache } from '../src/manager/cache-role.ts';
import { emptyRunnerConfig, runnerConfig, systemIdOf } from '../src/manager/runner-config.ts';
import { fleetOf } from './support/fleet.ts';

const CACHE = {
  bucket: 'caches',
  region: 'eu-west-1',
  prefix: 'default',
  shared: false,
  maxArchiveMib: 2048,
  roleArn: 'arn:aws:iam::123456789012:role/cache',
};
const configOf = (
  more: Parameters<typeof fleetOf>[0] = {},
  token = 'glrt-secret',
  cache: RunnerCache | undefined = undefined,
  authoritiesFile?: string,
) =>
  runnerConfig({
    fleet: fleetOf(more),
    token,
    name: 'default 0123',
    hooksFolder: '/hooks',
    metricsPort: 9252,
    cache,
    authoritiesFile,
  });

/** The parts of it that the runner reads. */
const readConfig = (...settings: Parameters<typeof configOf>) => {
  const { runners, ...process } = schema.parse(parse(configOf(...settings)));
  const [runner = {}] = runners;
  return { process, runner };
};
const schema = z.looseObject({ runners: z.array(z.record(z.string(), z.unknown())).length(1) });

describe("the runner's configuration", () => {
  it('names GitLab, the token and the hooks', () => {
    const { process, runner } = readConfig({ gitlabUrl: 'https://gitlab.example.com' });
    expect(process).toEqual({ concurrent: 20, check_interval: 3, listen_address: '127.0.0.1:9252' });
    expect(runner).toEqual({
      name: 'default 0123',
      url: 'https://gitlab.example.com',
      token: 'glrt-secret',
      executor: 'custom',
      shell: 'bash',
      builds_dir: '/builds',
      cache_dir: '/cache',
      limit: 20,
      output_limit: 102_400,
      environment: ['FF_USE_NEW_BASH_EVAL_STRATEGY=true', 'CI_DISPOSABLE_ENVIRONMENT=true'],
      feature_flags: expect.any(Object),
      custom_build_dir: { enabled: true },
      custom: {
        config_exec: '/hooks/config',
        config_exec_timeout: 60,
        prepare_exec: '/hooks/prepare',
        prepare_exec_timeout: 720,
        run_exec: '/hooks/run',
        cleanup_exec: '/hooks/cleanup',
        cleanup_exec_timeout: 120,
        graceful_kill_timeout: 30,
        force_kill_timeout: 10,
      },
    });
  });

  // common/build_settings.go of 17.9 and 19.3, populateFeatureFlags: the configuration wins over the job's variables.
  it('pins the feature flags that no job may set', () => {
    expect(readConfig().runner.feature_flags).toEqual({
      FF_HASH_CACHE_KEYS: false,
      FF_POSIXLY_CORRECT_ESCAPES: false,
      FF_LOG_IMAGES_CONFIGURED_FOR_JOB: false,
      FF_EXPORT_HIGH_CARDINALITY_METRICS: false,
    });
  });

  it("follows the fleet's limits", () => {
    const { process, runner } = readConfig({
      manager: { concurrentJobs: 7, checkIntervalSeconds: 10 },
      job: { startTimeoutSeconds: 900 },
    });
    expect(process).toMatchObject({ concurrent: 7, check_interval: 10 });
    expect(runner).toMatchObject({ limit: 7, custom: { prepare_exec_timeout: 1020 } });
  });

  it('asks for jobs each second if their tasks are started ahead', () => {
    const intervalOf = (fleet: Parameters<typeof readConfig>[0]) => readConfig(fleet).process.check_interval;
    expect([intervalOf({}), intervalOf({ ahead: { start: 'next' } })]).toEqual([3, 1]);
  });

  it('sets the clone URL only if the fleet has one', () => {
    expect(readConfig().runner).not.toHaveProperty('clone_url');
    expect(readConfig({ cloneUrl: 'http://10.0.0.1' }).runner.clone_url).toBe('http://10.0.0.1');
  });

  it('names the file with GitLab’s authorities only if there are any', () => {
    expect(readConfig().runner).not.toHaveProperty('tls-ca-file');
    const authoritiesFile = '/run/runner-manager/gitlab-ca.pem';
    expect(readConfig({}, 'glrt-secret', undefined, authoritiesFile).runner['tls-ca-file']).toBe(
      authoritiesFile,
    );
  });

  it('has a cache only if the fleet has one, and no key for it', () => {
    expect(readConfig().runner).not.toHaveProperty('cache');
    expect(readConfig({}, 'glrt-secret', { ...CACHE, endpoint: undefined }).runner.cache).toEqual({
      Type: 's3',
      Path: 'default',
      Shared: false,
      MaxUploadedArchiveSize: 2_147_483_648,
      s3: { AuthenticationType: 'iam', BucketName: 'caches', BucketLocation: 'eu-west-1' },
    });
  });

  it.each([
    ['http://172.18.0.2:4566', '172.18.0.2:4566', true],
    ['https://s3.example.com', 's3.example.com', false],
  ])("uses path-style addresses for an S3 that is not AWS's: %s", (endpoint, ServerAddress, Insecure) => {
    const { cache } = readConfig({}, 'glrt-secret', { ...CACHE, endpoint }).runner;
    expect(cache).toMatchObject({ s3: { ServerAddress, Insecure, PathStyle: true } });
  });

  it('without a runner keeps the global settings', () => {
    const empty = emptyRunnerConfig({ fleet: fleetOf(), metricsPort: 9252 });
    expect(parse(empty)).toEqual(readConfig().process);
  });

  it('escapes the token', () => {
    const token = 'x"\n[evil]\n\u007f';
    expect(readConfig({}, token).runner.token).toBe(token);
  });
});

describe('a system id', () => {
  it.each([
    ['fedcba9876543210fedcba9876543210', 'r_fedcba987654'],
    ['fedcba98-7654-3210-fedc-ba9876543210', 'r_fedcba987654'],
    ['1', 'r_100000000000'],
  ])("of task %s has the runner's format, and is always the same", (taskId, systemId) => {
    expect(systemIdOf(taskId)).toBe(systemId);
    expect(systemId).toMatch(/^r_[0-9a-zA-Z]{12}$/);
  });
});
