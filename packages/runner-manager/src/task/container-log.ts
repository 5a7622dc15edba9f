import type { Logger } from '@aws-lambda-powertools/logger';
import {
  type CloudWatchLogsClient,
  GetLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { taskIdOf } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../errors.ts';

/** Prefix of the log streams of job tasks (`awslogs-stream-prefix`). */
export const LOG_STREAM_PREFIX = 'job';

/** Name of a container's log stream. */
export function logStreamOf(taskArn: string, container: string): string {
  return `${LOG_STREAM_PREFIX}/${container}/${taskIdOf(taskArn)}`;
}

/** Reads the last lines of a container's log. Never rejects, since they only add to the job log. */
export type ContainerLog = (taskArn: string, container: string) => Promise<readonly string[]>;

const MAX_LINES = 15;
const MAX_CHARACTERS_PER_LINE = 400;
/** Fargate delivers lines to CloudWatch with a delay of some seconds. */
const TRIES = 6;

/** @param msBetweenTries milliseconds to wait while the stream has no lines yet */
export function createContainerLog(
  client: CloudWatchLogsClient,
  logGroupName: string | undefined,
  logger: Logger,
  msBetweenTries = 500,
): ContainerLog {
  const read = async (logStreamName: string) => {
    try {
      const input = { logGroupName, logStreamName, limit: MAX_LINES };
      return (await client.send(new GetLogEventsCommand(input))).events ?? [];
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return [];
      throw error;
    }
  };
  return async (taskArn, container) => {
    if (logGroupName === undefined) return [];
    const stream = logStreamOf(taskArn, container);
    try {
      for (let tries = 1; ; tries += 1) {
        const events = await read(stream);
        if (events.length > 0 || tries === TRIES) {
          return events.map(({ message = '' }) => message.trimEnd().slice(0, MAX_CHARACTERS_PER_LINE));
        }
        await new Promise((resolve) => setTimeout(resolve, msBetweenTries));
      }
    } catch (error) {
      logger.warn("could not read a container's log", { stream, error: messageOf(error) });
      return [];
    }
  };
}
