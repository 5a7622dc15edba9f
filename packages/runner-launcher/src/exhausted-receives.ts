import type { MessageOutcome } from './acknowledge-messages.ts';
import type { RetryReason } from './outcome.ts';

const WHY: Partial<Record<RetryReason, string>> = {
  'at-maximum':
    'its fleet was at manager.max with all places taken: raise manager.max or manager.concurrentJobs',
  'gitlab-unreachable': "GitLab's API did not answer",
  'no-capacity': 'Fargate had no capacity: add FARGATE or more subnets to the fleet',
  throttled: 'AWS throttled the launcher',
};

/**
 * Ends what SQS would end at its next receive, so that no dead letter is without a reason: only the launcher knows why a
 * message came back so often. A job that counts on a manager is left to it.
 * @param maxReceives the queue's `maxReceiveCount`
 */
export function endExhausted({ message, outcome }: MessageOutcome, maxReceives: number): MessageOutcome {
  if (message.receiveCount < maxReceives) return { message, outcome };
  if (outcome.kind === 'recheck') return { message, outcome: { kind: 'done', because: outcome.because } };
  if (outcome.kind !== 'retry') return { message, outcome };
  const why =
    WHY[outcome.reason] ?? `launching failed (${outcome.reason}): see ManagerLaunchFailed and the log`;
  return {
    message,
    outcome: {
      kind: 'give-up',
      reason: 'receives-exhausted',
      last: outcome.reason,
      message: `It was received ${message.receiveCount} times, and at last ${why}. Then redrive the dead-letter queue`,
    },
  };
}
