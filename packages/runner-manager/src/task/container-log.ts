import {
  type CloudWatchLogsClient,
  GetLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { taskIdOf } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** First part of the names of the log streams of job tasks (`awslogs-stream-prefix`). */
export const LOG_STREAM_PREFIX = 'job';

/** Name of the stream that a container of a task writes to. */
export function logStreamOf(taskArn: string, container: string): string {
  return `${LOG_STREAM_PREFIX}/${container}/${taskIdOf(taskArn)}`;
}

/** Reads the last lines that a container of a task wrote. It never fails: without them, the job log has less to tell. */
export type ContainerLog = (taskArn: string, container: string) => Promise<readonly string[]>;

const MOST_LINES = 15;
const MOST_CHARACTERS_A_LINE = 400;
/** Fargate hands lines to CloudWatch by and by: what a container said last is there some seconds after. */
const TRIES = 6;

/** @param msBetweenTries how long to wait for lines that are not there yet */
export function createContainerLog(
  client: CloudWatchLogsClient,
  logGroupName: string | undefined,
  logger: Logger,
  msBetweenTries = 500,
): ContainerLog {
  const read = async (logStreamName: string) => {
    try {
      const input = { logGroupName, logStreamName, limit: MOST_LINES };
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
          return events.map(({ message = '' }) => message.trimEnd().slice(0, MOST_CHARACTERS_A_LINE));
        }
        await new Promise((resolve) => setTimeout(resolve, msBetweenTries));
      }
    } catch (error) {
      logger.warn("a container's log could not be read", { stream, error: messageOf(error) });
      return [];
    }
  };
}
