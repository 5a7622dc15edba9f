import type { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { failureName, type Timing } from '@serverless-gitlab-runner/aws/calls';
import { broughtRunnerTokenName, parameterNames } from '@serverless-gitlab-runner/fleet';
import { createBoundedMap } from './bounded-map.ts';

/** GitLab's tokens are words of these characters, `glrt-` and 20 or more; longer ones carry routing data. */
const RUNNER_TOKEN = /^[A-Za-z0-9_.-]{8,255}$/;

/** Whether a query's `runner_token` can be one. */
export function isRunnerToken(value: string): boolean {
  return RUNNER_TOKEN.test(value);
}

/** Puts a runner token that a webhook brought where managers find it. */
export interface RunnerTokenStore {
  /** @returns the name of the SecureString that holds the token */
  keep(fleet: string, runnerToken: string): Promise<string>;
}

export function createRunnerTokenStore(
  provider: SSMProvider,
  prefix: string,
  timing: Timing,
): RunnerTokenStore {
  // A parameter that somebody removed is written again after ten minutes.
  const known = createBoundedMap<true>({ maxEntries: 1000, maxAgeMs: 600_000 }, timing.now);
  return {
    async keep(fleet, runnerToken) {
      const name = broughtRunnerTokenName(parameterNames(prefix, fleet), runnerToken);
      if (known.get(name)) return name;
      await putOnce(provider, name, fleet, runnerToken);
      known.set(name, true);
      return name;
    },
  };
}

/** The name is the value's digest: where there is one, it holds this token already. */
async function putOnce(provider: SSMProvider, name: string, fleet: string, value: string): Promise<void> {
  try {
    await provider.set(name, {
      value,
      parameterType: 'SecureString',
      overwrite: false,
      description: `Runner token that a webhook brought to fleet ${fleet}`,
    });
  } catch (error) {
    if (failureName(error) === 'ParameterAlreadyExists') return;
    throw error;
  }
}
