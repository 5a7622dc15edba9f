import { estimateCostUsd } from '@serverless-gitlab-runner/fleet';
import type { ExecutorContext } from '../../executor-context.ts';
import { formatSize } from '../../parse-quantity.ts';
import type { JobSession } from '../job-session.ts';

/** One line for the end of the job log: how long the job's task existed, and its estimated cost. Once per session. */
export function summarizeTask(
  { pricing }: Pick<ExecutorContext, 'pricing'>,
  session: JobSession,
  now = Date.now(),
): string[] {
  const { task } = session;
  if (!task || session.reported.has('summary')) return [];
  session.reported.add('summary');
  const { capacityProvider } = task;
  const { size, architecture } = task.shape;
  const seconds = Math.max(0, (now - task.requestedAt) / 1000);
  const cost = estimateCostUsd({ ...size, architecture, capacityProvider, seconds, ...pricing });
  return [
    `Job task: ${seconds.toFixed(0)} s, about $${cost.toFixed(5)} (${formatSize(size)}, ${architecture}, ${capacityProvider})`,
  ];
}
