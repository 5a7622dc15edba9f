import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkInterval, parseConfig, readConfig, shortToken, shutdownTimeout } from '../src/config.ts';
import { formatGoDuration, parseGoDuration } from '../src/durations.ts';
import { loadSystemId } from '../src/system-id.ts';

describe('parseConfig', () => {
  it('reads the settings of the custom executor', () => {
    const config = parseConfig(`
      concurrent = 4
      check_interval = 1
      listen_address = ":9252"
      [session_server]
        session_timeout = 1800
      [[runners]]
        name = "fargate"
        url = "https://gitlab.example.com/"
        token = "glrt-x"
        executor = "custom"
        shell = "sh"
        environment = ["A=1"]
        [runners.feature_flags]
          FF_POSIXLY_CORRECT_ESCAPES = true
        [runners.custom]
          prepare_exec = "/hooks/prepare"
          prepare_args = ["a", "b"]
          run_exec = "/hooks/run"
          graceful_kill_timeout = 20
        [runners.cache]
          Type = "s3"
    `);
    expect(config).toMatchObject({ concurrent: 4, listen_address: ':9252' });
    expect(checkInterval(config)).toBe(1000);
    expect(config.runners[0]).toMatchObject({
      name: 'fargate',
      shell: 'sh',
      limit: 0,
      request_concurrency: 1,
      feature_flags: { FF_POSIXLY_CORRECT_ESCAPES: true },
      custom: {
        config_exec: '',
        prepare_exec: '/hooks/prepare',
        prepare_args: ['a', 'b'],
        run_args: [],
        graceful_kill_timeout: 20,
      },
    });
  });

  it('has the defaults of the real runner', () => {
    const config = parseConfig('concurrent = 1');
    expect([checkInterval(config), shutdownTimeout(config), config.runners]).toEqual([3000, 30_000, []]);
  });

  it.each([
    ['invalid TOML', 'concurrent = ', 'not valid TOML'],
    ['a missing concurrent', '[[runners]]', 'concurrent'],
    ['a concurrent of 0', 'concurrent = 0', 'concurrent: must be at least 1, otherwise no job runs'],
    ['a wrong shell', 'concurrent = 1\n[[runners]]\nshell = "fish"', 'runners.0.shell'],
  ])('rejects %s and reports the reason', (_, text, message) => {
    expect(() => parseConfig(text)).toThrow(message);
  });

  it('reports a missing file by name', async () => {
    await expect(readConfig('/nowhere/config.toml')).rejects.toThrow('/nowhere/config.toml cannot be read');
  });
});

describe('shortToken', () => {
  it.each([
    ['glrt-abcdefghijklmnop', 'abcdefghi'],
    ['glrt-t1_abcdefghijklmnop', 'abcdefghi'],
    ['GR1348941abcdefghijkl', 'abcdefghi'],
    ['short', 'short'],
  ])('of %s is %s', (token, expected) => {
    expect(shortToken(token)).toBe(expected);
  });
});

describe('loadSystemId', () => {
  let created: string[] = [];
  afterEach(async () => {
    for (const folder of created) await rm(folder, { recursive: true });
    created = [];
  });
  const directory = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'system-id-'));
    created.push(folder);
    return folder;
  };

  it('creates an id once and stores it readable for its owner only', async () => {
    const config = join(await directory(), 'config.toml');
    const id = await loadSystemId(config);
    expect(id).toMatch(/^[sr]_[0-9a-zA-Z]{12}$/);
    expect(await loadSystemId(config)).toBe(id);
    expect((await stat(join(config, '../.runner_system_id'))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['keeps an existing id', 'r_abcdefABCDEF', true],
    ['replaces a malformed id', 'nonsense', false],
  ])('%s', async (_, content, kept) => {
    const config = join(await directory(), 'config.toml');
    const file = join(config, '../.runner_system_id');
    await writeFile(file, content);
    expect((await loadSystemId(config)) === content).toBe(kept);
    expect(await readFile(file, 'utf8')).toMatch(/^[sr]_[0-9a-zA-Z]{12}$/);
  });
});

describe('durations', () => {
  it.each([
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['200ms', 200],
    ['0', 0],
    ['-5s', -5000],
    ['5', undefined],
    ['soon', undefined],
  ])('parses %s', (text, milliseconds) => {
    expect(parseGoDuration(text)).toBe(milliseconds);
  });

  it.each([
    [3000, '3s'],
    [3_600_000, '1h0m0s'],
    [90_000, '1m30s'],
    [500, '500ms'],
    [0, '0s'],
  ])('formats %d as %s', (milliseconds, text) => {
    expect(formatGoDuration(milliseconds)).toBe(text);
  });
});
