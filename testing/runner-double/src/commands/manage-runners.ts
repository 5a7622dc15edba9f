import { readFile, writeFile } from 'node:fs/promises';
import { parse, stringify } from 'smol-toml';
import { type RunnerConfig, readConfig, shortToken } from '../config.ts';
import type { Logger } from '../log.ts';
import { GitLabClient } from '../network/gitlab-client.ts';
import { loadSystemId } from '../system-id.ts';
import { type Arguments, parseArguments } from './arguments.ts';

const SELECTION = {
  config: 'text',
  name: 'text',
  url: 'text',
  token: 'text',
  'all-runners': 'flag',
  delete: 'flag',
} as const;

const SHORTS = { config: 'c', name: 'n', url: 'u', token: 't' } as const;

async function clientFor(runner: RunnerConfig, configFile: string, log: Logger): Promise<GitLabClient> {
  const fields = { runner: shortToken(runner.token), runner_name: runner.name };
  return new GitLabClient(runner, await loadSystemId(configFile), log.with(fields));
}

function selects(args: Arguments, runner: RunnerConfig): boolean {
  const same = (option: string, value: string) => args.text(option) === '' || args.text(option) === value;
  return same('name', runner.name) && same('url', runner.url) && same('token', runner.token);
}

/** `verify`: checks that GitLab knows the runners of the file. Returns the exit code. */
export async function verify(argv: readonly string[], configFile: string, log: Logger): Promise<number> {
  const args = parseArguments(argv, SELECTION, SHORTS);
  const file = args.text('config') || configFile;
  const runners = (await readConfig(file)).runners.filter((runner) => selects(args, runner));
  if (runners.length === 0) {
    log.fatal('no runner matches the filtering parameters');
    return 1;
  }
  const unknown: RunnerConfig[] = [];
  for (const runner of runners) {
    if (!(await (await clientFor(runner, file, log)).verify())) unknown.push(runner);
  }
  if (unknown.length === 0) return 0;
  if (args.flag('delete')) {
    await removeFromFile(file, unknown, log);
    return 0;
  }
  log.fatal('Failed to verify runners');
  return 1;
}

/** `unregister`: removes this manager's records from GitLab, then the runners from the file. Returns the exit code. */
export async function unregister(argv: readonly string[], configFile: string, log: Logger): Promise<number> {
  const args = parseArguments(argv, SELECTION, SHORTS);
  const file = args.text('config') || configFile;
  const { runners } = await readConfig(file);
  const all = args.flag('all-runners');
  if (!all && args.text('name') === '' && args.text('token') === '') {
    log.fatal('failed to unregister runner: at least one of --name or --token must be specified');
    return 1;
  }
  const selected = all ? runners : runners.filter((runner) => selects(args, runner));
  if (!all && selected.length === 0) {
    log.fatal('failed to unregister runner: no runner of the configuration file matches');
    return 1;
  }
  if (all) log.warning('Unregistering all runners');
  const unregistered: RunnerConfig[] = [];
  for (const runner of selected) {
    if (await (await clientFor(runner, file, log)).unregister()) unregistered.push(runner);
  }
  if (unregistered.length > 0) await removeFromFile(file, unregistered, log);
  if (unregistered.length === selected.length) return 0;
  if (all) log.error('Failed to unregister runners');
  else log.fatal('failed to unregister runner');
  return all ? 0 : 1;
}

async function removeFromFile(file: string, removed: readonly RunnerConfig[], log: Logger): Promise<void> {
  const content = parse(await readFile(file, 'utf8'));
  const runners = Array.isArray(content.runners) ? content.runners : [];
  const remaining = runners.filter((runner) => {
    const { url, token } = {
      url: undefined,
      token: undefined,
      ...(typeof runner === 'object' ? runner : {}),
    };
    return !removed.some((other) => other.url === url && other.token === token);
  });
  await writeFile(file, stringify({ ...content, runners: remaining }), { mode: 0o600 });
  log.info(`Updated ${file}`);
}
