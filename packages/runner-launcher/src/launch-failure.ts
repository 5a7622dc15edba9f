import type { Failure } from '@aws-sdk/client-ecs';
import { failureKind, failureName } from '@serverless-gitlab-runner/aws/calls';
import { capacityRefusal, quotaAdvice } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';
import type { LaunchFailure } from './outcome.ts';

const MAX_MESSAGE = 1500;
/** RunTask's `failures[]` for what no other capacity provider or later try changes. */
const NOT_CAPACITY = /^(MISSING|INACTIVE)|not found|does not exist/i;

/**
 * What an exception of RunTask, or of the calls around it, means.
 * @param provider the capacity provider that RunTask was called for
 */
export function failureOfError(error: unknown, provider?: CapacityProvider): LaunchFailure {
  const said = `${failureName(error)}: ${error instanceof Error ? error.message : String(error)}`;
  switch (failureKind(error)) {
    case 'throttled':
      return failure('throttled', `AWS throttles (${said}). It is tried again`, false);
    case 'transient':
    case 'unknown':
      return failure('unknown', `A call failed (${said}). It is tried again`, false);
    case 'access-denied':
      return failure(
        'access-denied',
        `AWS denied access (${said}). Give the launcher's role what its README lists, iam:PassRole for the manager's roles ` +
          'included, and redrive the dead-letter queue',
        true,
      );
    case 'refused':
      return capacityRefusal(said)
        ? noCapacity(said, provider)
        : failure(
            'invalid-configuration',
            `ECS refused the manager (${said}). Correct the fleet's network or the cluster, or deploy the fleet where its task definition is missing, and redrive ` +
              'the dead-letter queue',
            true,
          );
  }
}

/** What an answer of RunTask without a task means. */
export function failureOfAnswer(failures: readonly Failure[], provider?: CapacityProvider): LaunchFailure {
  const reasons = failures.map(({ reason, detail }) => [reason, detail].filter(Boolean).join(' '));
  const said = reasons.join('; ') || 'no task and no failure';
  return reasons.some((reason) => NOT_CAPACITY.test(reason))
    ? failure(
        'invalid-configuration',
        `ECS cannot start the manager (${said}). Correct the cluster or the task definition`,
        true,
      )
    : noCapacity(said, provider);
}

function noCapacity(said: string, provider: CapacityProvider = 'FARGATE'): LaunchFailure {
  const advice = capacityRefusal(said) === 'quota' ? ` ${quotaAdvice(provider, said)}` : '';
  return failure(
    'no-capacity',
    `${provider} starts no task now (${said}). It is tried again.${advice}`,
    false,
  );
}

function failure(reason: LaunchFailure['reason'], message: string, permanent: boolean): LaunchFailure {
  return { reason, message: message.slice(0, MAX_MESSAGE), permanent };
}
