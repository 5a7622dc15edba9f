import { parameterNames } from '@serverless-gitlab-runner/fleet';
import {
  type JobQueued,
  parseEvent,
  type RunnerEvent,
  UnreadableEventError,
} from '@serverless-gitlab-runner/shared-events';
import * as z from 'zod';

/** The fields of Lambda's SQS event that are needed here. */
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

/** A message of the queue, not yet parsed. */
export interface Message {
  messageId: string;
  receiptHandle: string;
  /** How often it was received, including this time. */
  receiveCount: number;
  body: string;
}

/** A message that asks for a manager of a fleet. */
export interface LaunchRequest {
  message: Message;
  /** Id of the event on the bus. */
  eventId: string;
  fleet: string;
  /** Undefined: the fleet's own runner token. */
  runnerTokenParameter: string | undefined;
  /** GitLab's id of the queued job; undefined for a request that names no job. */
  jobId: number | undefined;
  /** Identifies that job in GitLab. */
  gitlabJob: { projectId: number; pipelineId: number; jobId: number } | undefined;
  /** The request is made in case a webhook was lost: possibly no job is waiting. */
  isSafetyLaunch: boolean;
  /** Milliseconds since 1970. */
  requestedAt: number;
}

export type ReadMessage =
  | { kind: 'request'; request: LaunchRequest }
  | { kind: 'unreadable'; message: Message; problem: string }
  /** An event that asks for no manager but passed the rule. */
  | { kind: 'irrelevant-event'; message: Message };

/** Parses one message, whose body is an EventBridge event. */
export function readMessage(message: Message, parameterPrefix: string): ReadMessage {
  try {
    const event = parseEvent(JSON.parse(message.body));
    const requested = managerRequest(event);
    if (requested === undefined) return { kind: 'irrelevant-event', message };
    const runnerTokenParameter = checkedParameter(requested, parameterPrefix);
    const requestedAt = Date.parse(requested.occurredAt);
    const gitlabJob = event.name === 'JobQueued' ? jobOf(event.detail) : undefined;
    return {
      kind: 'request',
      request: {
        message,
        eventId: event.id,
        fleet: requested.fleet,
        runnerTokenParameter,
        jobId: gitlabJob?.jobId,
        gitlabJob,
        isSafetyLaunch: event.name === 'ManagerRequested' && event.detail.cause === 'safety-launch',
        requestedAt,
      },
    };
  } catch (error) {
    if (error instanceof UnreadableEventError) return { kind: 'unreadable', message, problem: error.message };
    if (error instanceof SyntaxError) return { kind: 'unreadable', message, problem: 'the body is not JSON' };
    throw error;
  }
}

interface ManagerRequest {
  fleet: string;
  occurredAt: string;
  runnerTokenParameter?: string | undefined;
}

function jobOf({ projectId, pipelineId, jobId }: JobQueued): LaunchRequest['gitlabJob'] {
  return { projectId, pipelineId, jobId };
}

function managerRequest(event: RunnerEvent): ManagerRequest | undefined {
  return event.name === 'JobQueued' || event.name === 'ManagerRequested' ? event.detail : undefined;
}

/** A manager reads the parameter that it is given, so the parameter must belong to its fleet, whoever wrote the event. */
function checkedParameter(requested: ManagerRequest, parameterPrefix: string): string | undefined {
  const { runnerTokenParameter } = requested;
  const names = parameterNames(parameterPrefix, requested.fleet);
  if (runnerTokenParameter === undefined || runnerTokenParameter === names.runnerToken) return undefined;
  const rest = runnerTokenParameter.slice(names.runnerTokensPath.length);
  if (runnerTokenParameter.startsWith(names.runnerTokensPath) && /^[A-Za-z0-9_-]{1,64}$/.test(rest))
    return runnerTokenParameter;
  throw new UnreadableEventError(`runnerTokenParameter: not below ${names.runnerTokensPath}`);
}
