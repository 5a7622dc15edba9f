import { describe, expect, it } from 'vitest';
import { emptyRunnerConfig, newSystemId, runnerConfig } from '../src/manager/runner-config.ts';
import { fleetOf } from './support/fleet.ts';

const configOf = (more: Parameters<typeof fleetOf>[0] = {}, token = 'glrt-secret') =>
  runnerConfig({
    fleet: fleetOf(more),
    token,
    name: 'default 0123',
    hooksFolder: '/hooks',
    metricsPort: 9252,
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
        'FF_POSIXLY_CORRECT_ESCAPES = true',
        'config_exec = "/hooks/config"',
        'prepare_exec = "/hooks/prepare"',
        'run_exec = "/hooks/run"',
        'cleanup_exec = "/hooks/cleanup"',
      ]),
    );
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
  it('is as the runner would make it, and another each time', () => {
    const ids = Array.from({ length: 100 }, newSystemId);
    for (const id of ids) expect(id).toMatch(/^r_[0-9a-zA-Z]{12}$/);
    expect(new Set(ids).size).toBe(100);
  });
});
