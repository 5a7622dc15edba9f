import type { MessageOutcome } from './acknowledge-messages.ts';
import type { RetryReason } from './outcome.ts';

const LAST_FAILURE: Partial<Record<RetryReason, string>> = {
  'at-maximum':
    'its fleet was at manager.max and every manager was full: raise manager.max or manager.concurrentJobs',
  'gitlab-unreachable': "GitLab's API did not answer",
  'no-capacity': 'Fargate had no capacity: add FARGATE or more subnets to the fleet',
  throttled: 'AWS throttled the launcher',
};

/**
 * Ends a message that SQS would move to the dead-letter queue at its next receive, so that every dead letter has a reason: only
 * the launcher knows why the message kept coming back. A job that was assigned to a manager is left to that manager.
 * @param maxReceives the queue's `maxReceiveCount`
 */
export function endExhausted({ message, outcome }: MessageOutcome, maxReceives: number): MessageOutcome {
  if (message.receiveCount < maxReceives) return { message, outcome };
  if (outcome.kind === 'recheck') return { message, outcome: { kind: 'done', because: outcome.because } };
  if (outcome.kind !== 'retry') return { message, outcome };
  const lastFailure =
    LAST_FAILURE[outcome.reason] ??
    `the launch failed (${outcome.reason}): see ManagerLaunchFailed and the log`;
  return {
    message,
    outcome: {
      kind: 'give-up',
      reason: 'receives-exhausted',
      last: outcome.reason,
      message: `Gave up after ${message.receiveCount} receives; the last time, ${lastFailure}. Then redrive the dead-letter queue`,
    },
  };
}
