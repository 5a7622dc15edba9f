import type { Failure } from '@aws-sdk/client-ecs';
import { failureKind, failureName } from '@serverless-gitlab-runner/aws/calls';
import { capacityRefusal, quotaAdvice } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';
import type { LaunchFailure } from './outcome.ts';

const MAX_MESSAGE = 1500;
/** Reasons in RunTask's `failures[]` that neither another capacity provider nor a retry resolves. */
const NOT_CAPACITY = /^(MISSING|INACTIVE)|not found|does not exist/i;

/**
 * Classifies an exception of RunTask, or of the calls around it.
 * @param provider the capacity provider that RunTask was called for
 */
export function failureOfError(error: unknown, provider?: CapacityProvider): LaunchFailure {
  const reason = `${failureName(error)}: ${error instanceof Error ? error.message : String(error)}`;
  switch (failureKind(error)) {
    case 'throttled':
      return failure('throttled', `AWS throttled the launcher (${reason}); retrying`, false);
    case 'transient':
    case 'unknown':
      return failure('unknown', `A call failed (${reason}); retrying`, false);
    case 'access-denied':
      return failure(
        'access-denied',
        `AWS denied access (${reason}). Grant the launcher's role the permissions in its README, including iam:PassRole for ` +
          "the manager's roles, and redrive the dead-letter queue",
        true,
      );
    case 'refused':
      return capacityRefusal(reason)
        ? noCapacity(reason, provider)
        : failure(
            'invalid-configuration',
            `ECS refused the manager (${reason}). Correct the fleet's network or the cluster, or deploy the fleet if its task ` +
              'definition is missing, and redrive the dead-letter queue',
            true,
          );
  }
}

/** Classifies an answer of RunTask without a task. */
export function failureOfAnswer(failures: readonly Failure[], provider?: CapacityProvider): LaunchFailure {
  const reasons = failures.map(({ reason, detail }) => [reason, detail].filter(Boolean).join(' '));
  const reason = reasons.join('; ') || 'no task and no failure';
  return reasons.some((one) => NOT_CAPACITY.test(one))
    ? failure(
        'invalid-configuration',
        `ECS cannot start the manager (${reason}). Correct the cluster or the task definition`,
        true,
      )
    : noCapacity(reason, provider);
}

function noCapacity(reason: string, provider: CapacityProvider = 'FARGATE'): LaunchFailure {
  const advice = capacityRefusal(reason) === 'quota' ? ` ${quotaAdvice(provider, reason)}` : '';
  return failure('no-capacity', `${provider} cannot start a task now (${reason}); retrying.${advice}`, false);
}

function failure(reason: LaunchFailure['reason'], message: string, permanent: boolean): LaunchFailure {
  return { reason, message: message.slice(0, MAX_MESSAGE), permanent };
}
