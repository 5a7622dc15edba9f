import { parseConfig, type RunnerConfig } from '../../src/config.ts';
import { type BuildContext, type BuildIdentity, createBuildContext } from '../../src/job/build-context.ts';
import { jobSchema } from '../../src/job/payload.ts';
import { jobPayload } from './job.ts';

/** Parses the configuration of one runner. */
export function runnerFrom(toml: string): RunnerConfig {
  const [runner] = parseConfig(`concurrent = 1\n[[runners]]\n${toml}`).runners;
  if (runner === undefined) throw new Error('the configuration has no runner');
  return runner;
}

export function identityOf(extra: Record<string, unknown> = {}, toml = ''): BuildIdentity {
  const head = 'url = "http://gitlab.invalid"\ntoken = "glrt-abcdefghijkl"\nexecutor = "custom"\n';
  return {
    job: jobSchema.parse(jobPayload(1, [], extra)),
    runner: runnerFrom(head + toml),
    concurrentId: 0,
    concurrentProjectId: 0,
  };
}

/** Creates a context with directories below `root`. */
export function contextIn(root: string, extra: Record<string, unknown> = {}, toml = ''): BuildContext {
  const directories = { root: `${root}/builds`, build: `${root}/builds/g/p`, cache: `${root}/cache/g/p` };
  return createBuildContext(identityOf(extra, toml), { directories });
}
