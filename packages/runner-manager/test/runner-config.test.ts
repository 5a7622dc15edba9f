import { describe, expect, it } from 'vitest';
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
) =>
  runnerConfig({
    fleet: fleetOf(more),
    token,
    name: 'default 0123',
    hooksFolder: '/hooks',
    metricsPort: 9252,
    cache,
  });

describe("the runner's configuration", () => {
  it('names GitLab, the token and the hooks', () => {
    const lines = configOf({ gitlabUrl: 'https://gitlab.example.com' })
      .split('\n')
      .map((line) => line.trim());
    expect(lines).toEqual(
      expect.arrayContaining([
        'concurrent = 20',
        'check_interval = 3',
        'listen_address = "127.0.0.1:9252"',
        '[runners.custom_build_dir]',
        'enabled = true',
        'url = "https://gitlab.example.com"',
        'token = "glrt-secret"',
        'executor = "custom"',
        'shell = "bash"',
        'builds_dir = "/builds"',
        'config_exec = "/hooks/config"',
        'prepare_exec = "/hooks/prepare"',
        'run_exec = "/hooks/run"',
        'cleanup_exec = "/hooks/cleanup"',
      ]),
    );
  });

  // common/build_settings.go of 17.9 and 19.3, populateFeatureFlags: the configuration wins over the job's variables.
  it('pins the feature flags that no job may set', () => {
    expect(configOf()).toContain(`
  [runners.feature_flags]
    FF_HASH_CACHE_KEYS = false
    FF_POSIXLY_CORRECT_ESCAPES = false
    FF_LOG_IMAGES_CONFIGURED_FOR_JOB = false
    FF_EXPORT_HIGH_CARDINALITY_METRICS = false
`);
  });

  it("follows the fleet's limits", () => {
    const config = configOf({
      manager: { concurrentJobs: 7, checkIntervalSeconds: 10 },
      job: { startTimeoutSeconds: 900 },
    });
    expect(config).toContain('concurrent = 7\ncheck_interval = 10\n');
    expect(config).toContain('limit = 7');
    expect(config).toContain('prepare_exec_timeout = 1020');
  });

  it('names the URL to clone from only where it is another', () => {
    expect(configOf()).not.toContain('clone_url');
    expect(configOf({ cloneUrl: 'http://10.0.0.1' })).toContain('  clone_url = "http://10.0.0.1"\n  token');
  });

  it('has a cache only where the fleet has one, and no key for it', () => {
    expect(configOf()).not.toContain('[runners.cache]');
    const config = configOf({}, 'glrt-secret', { ...CACHE, endpoint: undefined });
    expect(config.slice(config.indexOf('  [runners.cache]'))).toBe(`\
  [runners.cache]
    Type = "s3"
    Path = "default"
    Shared = false
    # Bytes. The helper's cache-archiver keeps to it; GitLab Runner 17.9 and 19.3 know it, a release that does not ignores it.
    MaxUploadedArchiveSize = 2147483648
    [runners.cache.s3]
      AuthenticationType = "iam"
      BucketName = "caches"
      BucketLocation = "eu-west-1"
`);
  });

  it.each([
    ['http://172.18.0.2:4566', 'ServerAddress = "172.18.0.2:4566"', 'Insecure = true'],
    ['https://s3.example.com', 'ServerAddress = "s3.example.com"', 'Insecure = false'],
  ])('asks another S3 than AWS by path: %s', (endpoint, address, insecure) => {
    const config = configOf({}, 'glrt-secret', { ...CACHE, endpoint });
    expect(config).toContain(`      ${address}\n      ${insecure}\n      PathStyle = true\n`);
  });

  it('without a runner keeps what is not about runners', () => {
    const empty = emptyRunnerConfig({ fleet: fleetOf(), metricsPort: 9252 });
    expect(empty).not.toMatch(/runners|token/);
    expect(configOf().startsWith(empty)).toBe(true);
  });

  it('lets no token break out of its string', () => {
    expect(configOf({}, 'x"\n[evil]\n\u007f')).toContain('token = "x\\"\\n[evil]\\n\\u007f"');
  });
});

describe('a system id', () => {
  it.each([
    ['fedcba9876543210fedcba9876543210', 'r_fedcba987654'],
    ['fedcba98-7654-3210-fedc-ba9876543210', 'r_fedcba987654'],
    ['1', 'r_100000000000'],
  ])('of task %s is as the runner would make it, and always the same', (taskId, systemId) => {
    expect(systemIdOf(taskId)).toBe(systemId);
    expect(systemId).toMatch(/^r_[0-9a-zA-Z]{12}$/);
  });
});
