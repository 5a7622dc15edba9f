import { afterEach, beforeEach } from 'vitest';
import { GitLabServer } from './gitlab-server.ts';
import { createHooks, type HookName, type Hooks } from './hooks.ts';
import { RunnerProcess } from './runner-process.ts';

export type Setup = {
  bodies?: Partial<Record<HookName, string>>;
  concurrent?: number;
  /** Lines of `[[runners]]`. */
  runner?: string;
  /** Lines of `[runners.custom]`. */
  custom?: string;
};

/** Provides each test with a GitLab, hooks and the program as a process, and removes them afterwards. */
export class RunnerSuite {
  server = new GitLabServer();
  #hooks: Hooks | undefined;
  #runner: RunnerProcess | undefined;

  constructor() {
    beforeEach(async () => {
      this.server = await new GitLabServer().start();
    });
    afterEach(async () => {
      this.#runner?.signal('SIGKILL');
      await this.#runner?.exited;
      await this.server.stop();
      await this.#hooks?.remove();
    });
  }

  get hooks(): Hooks {
    if (this.#hooks === undefined) throw new Error('not started');
    return this.#hooks;
  }

  get runner(): RunnerProcess {
    if (this.#runner === undefined) throw new Error('not started');
    return this.#runner;
  }

  async start({ bodies, concurrent = 4, runner = '', custom }: Setup = {}): Promise<void> {
    this.#hooks = await createHooks(bodies);
    this.#runner = new RunnerProcess(
      this.#hooks.directory,
      `concurrent = ${concurrent}
check_interval = 1
[[runners]]
name = "double"
url = "${this.server.url}"
token = "glrt-runnertoken0000"
executor = "custom"
shell = "sh"
${runner}
[runners.feature_flags]
FF_POSIXLY_CORRECT_ESCAPES = true
${this.#hooks.custom(custom)}`,
    );
  }

  /** Settles when the job's final state was reported to GitLab. */
  finished(id: number): Promise<void> {
    return this.server.until(() => this.server.finalState(id) !== undefined);
  }

  /** Settles when the job log contains `line`. */
  logged(id: number, line: string): Promise<void> {
    return this.server.until(() => this.trace(id).includes(`${line}\n`));
  }

  trace(id: number): string {
    return this.server.jobs.get(id)?.trace.toString('utf8') ?? '';
  }

  /** The stages that the run hook was called with. */
  async stages(): Promise<string[]> {
    const calls = await this.hooks.calls();
    return calls.flatMap((call) => /^run for-run SCRIPT (\S+)$/.exec(call)?.[1] ?? []);
  }
}
