import type { LogLine } from '../../src/read-log-lines.ts';
import { ago } from './job.ts';

const arn = (task: string) => `arn:aws:ecs:eu-west-1:111122223333:task/cluster/${task}`;

/** A line of a manager's log with an event about the task of job 7. */
export function eventLine(event: string, secondsAgo: number, over: object): LogLine {
  const detail = {
    version: 1,
    fleet: 'default',
    occurredAt: new Date(ago(secondsAgo)).toISOString(),
    taskArn: arn('1'),
    managerTaskArn: arn('m'),
    image: 'alpine:3',
    cpu: 1024,
    memory: 2048,
    architecture: 'X86_64',
    capacityProvider: 'FARGATE',
    instance: 'https://gitlab.example.com',
    projectId: 3,
    projectPath: 'team/app',
    pipelineId: 12,
    ref: 'main',
    jobId: 7,
    jobName: 'unit',
    ...over,
  };
  return { at: ago(secondsAgo), fields: { message: 'event', event, detail } };
}

/** A line of the receiver's log: the webhook of a job that waits. */
export function queuedLine(secondsAgo: number, over: object = {}): LogLine {
  const fields = { message: 'webhook answered', event: 'queued', jobId: 7, projectId: 3, ...over };
  return { at: ago(secondsAgo), fields };
}

/** A line of the receiver's log: the webhook of a job that ended. */
export function endedLine(secondsAgo: number, status: string, over: object = {}): LogLine {
  const line = { message: 'webhook answered', event: 'finished', status, jobId: 7, projectId: 3, ...over };
  return { at: ago(secondsAgo), fields: line };
}
