import { estimateCostUsd } from '@serverless-gitlab-runner/fleet';
import type { ExecutorContext } from '../../executor-context.ts';
import { sizeInWords } from '../../parse-quantity.ts';
import type { JobSession } from '../job-session.ts';

/** One line for the end of the job log: how long the job's task was there, and what that costs. Once a session. */
export function summarizeTask(
  { pricing }: Pick<ExecutorContext, 'pricing'>,
  session: JobSession,
  now = Date.now(),
): string[] {
  const { task } = session;
  if (!task || session.told.has('summary')) return [];
  session.told.add('summary');
  const { capacityProvider } = task;
  const { size, architecture } = task.shape;
  const seconds = Math.max(0, (now - task.askedAt) / 1000);
  const cost = estimateCostUsd({ ...size, architecture, capacityProvider, seconds, ...pricing });
  return [
    `Job task: ${seconds.toFixed(0)} s, about $${cost.toFixed(5)} (${sizeInWords(size)}, ${architecture}, ${capacityProvider})`,
  ];
}
