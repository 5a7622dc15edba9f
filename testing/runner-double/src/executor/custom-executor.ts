import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CustomConfig } from '../config.ts';
import { shortToken } from '../config.ts';
import { BuildError, DeadlineExceededError, messageOf } from '../errors.ts';
import { type BuildContext, type BuildIdentity, createBuildContext } from '../job/build-context.ts';
import { NO_DIRECTORIES, planDirectories } from '../job/directories.ts';
import type { Logger } from '../log.ts';
import type { Stage } from '../scripts/generate-script.ts';
import type { JobLog } from '../trace/job-log.ts';
import { type ConfigOutput, parseConfigOutput, startupMessage } from './config-output.ts';
import { checkExit } from './exit-codes.ts';
import { type HookFiles, hookEnvironment } from './hook-environment.ts';
import { jobResponse } from './job-response.ts';
import { type HookExit, runHook } from './run-hook.ts';

/** The real runner's defaults (executors/custom/consts.go, helpers/process/killer.go), in milliseconds. */
const HOUR = 3_600_000;
const DEFAULT_TIMEOUTS = {
  config: HOUR,
  prepare: HOUR,
  cleanup: HOUR,
  gracefulKill: 10 * 60_000,
  forceKill: 10_000,
} as const;

export type ExecutorOptions = {
  readonly identity: BuildIdentity;
  readonly rawJob: string;
  readonly inherited: Readonly<Record<string, string>>;
  readonly temporaryDirectory: string;
  readonly jobLog: JobLog;
  readonly log: Logger;
};

type HookName = 'config' | 'prepare' | 'run' | 'cleanup';

/** Drives the four hooks of `[runners.custom]` for one attempt at a job. Use: `prepare`, `run` per stage, `cleanup` always. */
export class CustomExecutor {
  readonly #options: ExecutorOptions;
  readonly #config: CustomConfig;
  #files: HookFiles | undefined;
  #output: ConfigOutput = {};
  #context: BuildContext;

  constructor(options: ExecutorOptions) {
    const { custom } = options.identity.runner;
    if (custom === undefined) {
      throw new BuildError('runner_configuration_error', 'custom executor not configured');
    }
    if (custom.run_exec === '') {
      throw new BuildError('runner_configuration_error', 'custom executor is missing RunExec');
    }
    this.#options = options;
    this.#config = custom;
    this.#context = createBuildContext(options.identity);
  }

  /** What scripts are generated from; complete after `prepare`. */
  get context(): BuildContext {
    return this.#context;
  }

  /** The status that `after_script` sees in `CI_JOB_STATUS`. */
  setJobStatus(status: string): void {
    this.#context = createBuildContext(
      { ...this.#context },
      { directories: this.#context.directories, hostname: this.#context.hostname, status },
    );
  }

  /** Config and prepare hook. @throws BuildError when another attempt makes no sense. */
  async prepare(signal: AbortSignal): Promise<void> {
    const directory = await mkdtemp(join(this.#options.temporaryDirectory, 'custom-executor'));
    this.#files = {
      directory,
      jobResponseFile: join(directory, 'response.json'),
      buildExitCodeFile: join(directory, 'build_exit_code'),
    };
    const response = jobResponse(this.#options.rawJob, this.#context.variables);
    await writeFile(this.#files.jobResponseFile, response, { mode: 0o600 });
    await this.#configure(signal);
    this.#options.jobLog.print(startupMessage(this.#output));
    this.#startBuild();
    if (this.#config.prepare_exec === '') return;
    await this.#callTimed('prepare', this.#config.prepare_exec_timeout, DEFAULT_TIMEOUTS.prepare, signal);
  }

  /** Runs one stage's script by the run hook. */
  async run(stage: Stage, script: string, signal: AbortSignal): Promise<void> {
    const directory = await mkdtemp(join(this.#filesOrThrow().directory, 'script'));
    const file = join(directory, 'script');
    await writeFile(file, script, { mode: 0o700 });
    // The name that the protocol keeps for the script itself: gitlab.com/groups/gitlab-org/-/epics/6112
    const protocolStage = stage === 'step_script' ? 'build_script' : stage;
    if (protocolStage !== stage) {
      this.#options.jobLog.warning(
        "Starting with version 17.0 the 'build_script' stage will be replaced with 'step_script': https://gitlab.com/groups/gitlab-org/-/epics/6112",
      );
    }
    await this.#call('run', [...this.#config.run_args, file, protocolStage], signal);
  }

  /** The cleanup hook; its failure is logged and changes nothing. */
  async cleanup(): Promise<void> {
    if (this.#files === undefined) return;
    try {
      if (this.#config.cleanup_exec !== '') {
        const never = new AbortController().signal;
        await this.#callTimed('cleanup', this.#config.cleanup_exec_timeout, DEFAULT_TIMEOUTS.cleanup, never);
      }
    } catch (error) {
      this.#options.jobLog.warning(`Cleanup script failed: ${messageOf(error)}`);
      this.#options.log.warning(`Cleanup script failed: ${messageOf(error)}`);
    } finally {
      await rm(this.#files.directory, { recursive: true, force: true });
    }
  }

  async #configure(signal: AbortSignal): Promise<void> {
    if (this.#config.config_exec === '') return;
    const output: Buffer[] = [];
    await this.#callTimed('config', this.#config.config_exec_timeout, DEFAULT_TIMEOUTS.config, signal, {
      write: (data) => output.push(data),
    });
    this.#output = parseConfigOutput(Buffer.concat(output).toString('utf8'));
  }

  /** Fixes shell, host name and directories, which depend on what the config hook said. */
  #startBuild(): void {
    const { identity } = this.#options;
    const runner = { ...identity.runner, shell: this.#output.shell ?? identity.runner.shell };
    const buildsDir = this.#output.builds_dir ?? runner.builds_dir;
    // GIT_CLONE_PATH refers to CI_BUILDS_DIR, which is known from here on.
    const { settings } = createBuildContext(identity, {
      directories: { ...NO_DIRECTORIES, root: buildsDir },
    });
    const directories = planDirectories({
      job: identity.job,
      buildsDir,
      cacheDir: this.#output.cache_dir ?? runner.cache_dir,
      shared: this.#output.builds_dir_is_shared ?? false,
      shortToken: shortToken(runner.token),
      concurrentProjectId: identity.concurrentProjectId,
      gitClonePath: settings.gitClonePath,
      clonePathAllowed: runner.custom_build_dir?.enabled ?? false,
      emptyStrategy: settings.gitStrategy === 'empty',
    });
    this.#context = createBuildContext(
      { ...identity, runner },
      { directories, hostname: this.#output.hostname ?? '' },
    );
  }

  async #callTimed(
    hook: HookName,
    configuredSeconds: number | undefined,
    byDefault: number,
    signal: AbortSignal,
    stdout?: { write(data: Buffer): void },
  ): Promise<void> {
    const deadline = new AbortController();
    const limit =
      configuredSeconds !== undefined && configuredSeconds > 0 ? configuredSeconds * 1000 : byDefault;
    const timer = setTimeout(() => deadline.abort(new DeadlineExceededError()), limit);
    try {
      const args = {
        config: 'config_args',
        prepare: 'prepare_args',
        run: 'run_args',
        cleanup: 'cleanup_args',
      } as const;
      await this.#call(hook, this.#config[args[hook]], AbortSignal.any([signal, deadline.signal]), stdout);
    } finally {
      clearTimeout(timer);
    }
  }

  async #call(
    hook: HookName,
    args: readonly string[],
    signal: AbortSignal,
    stdout?: { write(data: Buffer): void },
  ): Promise<void> {
    const { jobLog, inherited } = this.#options;
    const files = this.#filesOrThrow();
    const executables = {
      config: 'config_exec',
      prepare: 'prepare_exec',
      run: 'run_exec',
      cleanup: 'cleanup_exec',
    } as const;
    const streams =
      hook === 'cleanup' ? this.#cleanupStreams() : { out: jobLog.stream(), err: jobLog.stream() };
    const seconds = (configured: number | undefined, byDefault: number) =>
      configured !== undefined && configured > 0 ? configured * 1000 : byDefault;
    let exit: HookExit;
    try {
      exit = await runHook({
        file: this.#config[executables[hook]],
        args,
        directory: files.directory,
        environment: hookEnvironment(inherited, files, this.#output.job_env ?? {}, this.#context),
        stdout: stdout ?? streams.out,
        stderr: streams.err,
        signal,
        gracefulKillTimeout: seconds(this.#config.graceful_kill_timeout, DEFAULT_TIMEOUTS.gracefulKill),
        forceKillTimeout: seconds(this.#config.force_kill_timeout, DEFAULT_TIMEOUTS.forceKill),
      });
    } finally {
      streams.out.end();
      streams.err.end();
    }
    await checkExit(exit, files.buildExitCodeFile);
  }

  /** Cleanup writes to the runner's own log: standard output as debug, standard error as warnings. */
  #cleanupStreams() {
    const { log } = this.#options;
    const lines = (level: 'debug' | 'warning', name: string) => {
      let rest = '';
      const emit = (text: string) => {
        if (text !== '') log.log(level, text, { cleanup_std: name });
      };
      return {
        write: (data: Buffer) => {
          const all = (rest + data.toString('utf8')).split('\n');
          rest = all.pop() ?? '';
          for (const line of all) emit(line);
        },
        end: () => emit(rest),
      };
    };
    return { out: lines('debug', 'out'), err: lines('warning', 'err') };
  }

  #filesOrThrow(): HookFiles {
    if (this.#files === undefined) throw new Error('the executor was not prepared');
    return this.#files;
  }
}
