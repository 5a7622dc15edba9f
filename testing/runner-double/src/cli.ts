import { parseArguments } from './commands/arguments.ts';
import { artifactsDownloader } from './commands/artifacts-downloader.ts';
import { artifactsUploader } from './commands/artifacts-uploader.ts';
import { cacheArchiver } from './commands/cache-archiver.ts';
import { cacheExtractor } from './commands/cache-extractor.ts';
import { cacheInit } from './commands/cache-init.ts';
import { unregister, verify } from './commands/manage-runners.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { messageOf } from './errors.ts';
import { Logger } from './log.ts';
import { runCommand } from './run/run-command.ts';
import { VERSION } from './version.ts';

const HELP = `The runner double of serverless-gitlab-runner: a stand-in for tests on machines where the real program is not
available. It is not GitLab's program, which is documented at https://docs.gitlab.com/runner/

Usage: gitlab-runner <command> [options]

  run                   take and run jobs with the custom executor (--config, --working-directory, --listen-address)
  verify                check that GitLab knows the runners in the configuration file (--name, --url, --token, --delete)
  unregister            remove this manager's record from GitLab (--all-runners, or --url, --token, --name)
  artifacts-uploader    archive and upload a job's artifacts (called by job scripts)
  artifacts-downloader  download and extract another job's artifacts (called by job scripts)
  cache-archiver        archive a cache (called by job scripts)
  cache-extractor       extract a cache (called by job scripts)
  cache-init            make directories writable for all users

  --version, -v         print the version
  --help, -h            print this help
  --log-level           debug, info (default), warning, error, fatal
  --log-format          runner (default), text, json
`;

const VERSION_TEXT = `Version:      ${VERSION.version}
Git revision: ${VERSION.revision}
Git branch:   none (a stand-in for tests, not GitLab's program)
Node version: ${process.version}
OS/Arch:      ${VERSION.os}/${VERSION.architecture}
`;

const RUN_OPTIONS = {
  config: 'text',
  'working-directory': 'text',
  'listen-address': 'text',
  user: 'text',
  service: 'text',
} as const;

/** Runs the program. Returns its exit code. */
export async function main(
  argv: readonly string[],
  environment: Environment = readEnvironment(),
): Promise<number> {
  const { global, command, rest } = splitCommand(argv);
  const log = new Logger({ level: environment.LOG_LEVEL, format: environment.LOG_FORMAT });
  configureLog(log, [...global, ...rest]);
  if (global.some((word) => ['--version', '-v', '-version'].includes(word)) || command === '--version') {
    process.stdout.write(VERSION_TEXT);
    return 0;
  }
  if (
    command === undefined ||
    command === 'help' ||
    [...global, ...rest].some((word) => word === '--help' || word === '-h')
  ) {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    return await dispatch(command, rest, environment, log);
  } catch (error) {
    log.fatal(messageOf(error));
    return 1;
  }
}

/** Options before the command are global. Some have a value, such as `--log-level debug`. */
function splitCommand(argv: readonly string[]): { global: string[]; command?: string; rest: string[] } {
  const withValue = new Set(['--log-level', '-l', '--log-format']);
  const global: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (!word.startsWith('-')) return { global, command: word, rest: argv.slice(at + 1) };
    global.push(word);
    if (withValue.has(word)) {
      at += 1;
      global.push(argv[at] ?? '');
    }
  }
  return { global, rest: [] };
}

function configureLog(log: Logger, argv: readonly string[]): void {
  const args = parseArguments(argv, { 'log-level': 'text', 'log-format': 'text', debug: 'flag' });
  const level = (['debug', 'info', 'warning', 'error', 'fatal'] as const).find(
    (name) => name === args.text('log-level'),
  );
  const format = (['runner', 'text', 'json'] as const).find((name) => name === args.text('log-format'));
  if (level !== undefined) log.configure({ level });
  if (format !== undefined) log.configure({ format });
  if (args.flag('debug')) log.configure({ level: 'debug' });
}

async function dispatch(
  command: string,
  rest: readonly string[],
  environment: Environment,
  log: Logger,
): Promise<number> {
  const directory = process.cwd();
  switch (command) {
    case 'run': {
      const args = parseArguments(rest, RUN_OPTIONS, { config: 'c', 'working-directory': 'd', user: 'u' });
      if (args.text('working-directory') !== '') process.chdir(args.text('working-directory'));
      return runCommand({
        configFile: args.text('config') || environment.CONFIG_FILE,
        listenAddress: args.text('listen-address') || environment.LISTEN_ADDRESS,
        environment,
        log,
      });
    }
    case 'verify':
      return verify(rest, environment.CONFIG_FILE, log);
    case 'unregister':
      return unregister(rest, environment.CONFIG_FILE, log);
    case 'artifacts-uploader':
      return artifactsUploader(rest, environment, log, directory);
    case 'artifacts-downloader':
      return artifactsDownloader(rest, environment, log, directory);
    case 'cache-archiver':
      return cacheArchiver(rest, environment, log, directory);
    case 'cache-extractor':
      return cacheExtractor(rest, log, directory);
    case 'cache-init':
      return cacheInit(rest, log);
    default:
      log.fatal(`Command ${command} not found. This is the runner double: see gitlab-runner --help`);
      return 1;
  }
}
