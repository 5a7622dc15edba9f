import { parameterNames } from '@serverless-gitlab-runner/fleet';
import {
  type JobQueued,
  parseEvent,
  type RunnerEvent,
  UnreadableEventError,
} from '@serverless-gitlab-runner/shared-events';
import * as z from 'zod';

/** What is needed of Lambda's SQS event. */
export const sqsEventSchema = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      receiptHandle: z.string(),
      body: z.string(),
      attributes: z.object({ ApproximateReceiveCount: z.coerce.number().int().min(1).catch(1) }),
    }),
  ),
});

/** A message of the queue, whatever it says. */
export interface Message {
  messageId: string;
  receiptHandle: string;
  /** How often it was received, this time included. */
  receiveCount: number;
  body: string;
}

/** A message that wants a manager for a fleet. */
export interface LaunchRequest {
  message: Message;
  /** Id of the event on the bus. */
  eventId: string;
  fleet: string;
  /** Undefined: the fleet's own runner token. */
  runnerTokenParameter: string | undefined;
  /** GitLab's id of the queued job; undefined when somebody asks for a manager without naming a job. */
  jobId: number | undefined;
  /** Where GitLab has that job. */
  gitlabJob: { projectId: number; pipelineId: number; jobId: number } | undefined;
  /** Somebody asks in case a webhook was lost: nothing may be waiting. */
  isSafetyLaunch: boolean;
  /** Milliseconds since 1970. */
  requestedAt: number;
}

export type ReadMessage =
  | { kind: 'request'; request: LaunchRequest }
  | { kind: 'unreadable'; message: Message; problem: string }
  /** An event of ours that asks for no manager: the rule let it through. */
  | { kind: 'not-ours'; message: Message };

/** Reads one message: an EventBridge event as its body. */
export function readMessage(message: Message, parameterPrefix: string): ReadMessage {
  try {
    const event = parseEvent(JSON.parse(message.body));
    const asked = askedFor(event);
    if (asked === undefined) return { kind: 'not-ours', message };
    const runnerTokenParameter = checkedParameter(asked, parameterPrefix);
    const requestedAt = Date.parse(asked.occurredAt);
    const gitlabJob = event.name === 'JobQueued' ? jobOf(event.detail) : undefined;
    return {
      kind: 'request',
      request: {
        message,
        eventId: event.id,
        fleet: asked.fleet,
        runnerTokenParameter,
        jobId: gitlabJob?.jobId,
        gitlabJob,
        isSafetyLaunch: event.name === 'ManagerRequested' && event.detail.cause === 'safety-launch',
        requestedAt,
      },
    };
  } catch (error) {
    if (error instanceof UnreadableEventError) return { kind: 'unreadable', message, problem: error.message };
    if (error instanceof SyntaxError) return { kind: 'unreadable', message, problem: 'its body is not JSON' };
    throw error;
  }
}

interface Asked {
  fleet: string;
  occurredAt: string;
  runnerTokenParameter?: string | undefined;
}

function jobOf({ projectId, pipelineId, jobId }: JobQueued): LaunchRequest['gitlabJob'] {
  return { projectId, pipelineId, jobId };
}

function askedFor(event: RunnerEvent): Asked | undefined {
  return event.name === 'JobQueued' || event.name === 'ManagerRequested' ? event.detail : undefined;
}

/** A manager reads the parameter it is given: it must be one of its fleet's, whoever wrote the event. */
function checkedParameter(asked: Asked, parameterPrefix: string): string | undefined {
  const { runnerTokenParameter } = asked;
  const names = parameterNames(parameterPrefix, asked.fleet);
  if (runnerTokenParameter === undefined || runnerTokenParameter === names.runnerToken) return undefined;
  const rest = runnerTokenParameter.slice(names.runnerTokensPath.length);
  if (runnerTokenParameter.startsWith(names.runnerTokensPath) && /^[A-Za-z0-9_-]{1,64}$/.test(rest))
    return runnerTokenParameter;
  throw new UnreadableEventError(`runnerTokenParameter: not below ${names.runnerTokensPath}`);
}
