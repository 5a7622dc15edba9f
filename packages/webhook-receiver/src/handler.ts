import { Logger } from '@aws-lambda-powertools/logger';
import { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SSMClient } from '@aws-sdk/client-ssm';
import { boundedClientOptions, createTimedCache, systemTiming } from '@serverless-gitlab-runner/aws/calls';
import { answerInTime } from './answer-in-time.ts';
import type { Answer } from './answers.ts';
import { readEnvironment } from './environment.ts';
import { createFleetReader } from './fleet-reader.ts';
import { createPublishJobEvent } from './publish-job-event.ts';
import { type ReceiverDeps, type Reception, receiveWebhook } from './receive-webhook.ts';
import { readWebhookRequest } from './webhook-request.ts';
import { createRunnerTokenStore } from './webhook-runner-token.ts';

const { EVENT_BUS_NAME, PARAMETER_PREFIX } = readEnvironment();
const logger = new Logger({ serviceName: 'webhook-receiver' });

const ssm = new SSMClient(boundedClientOptions({ maxAttempts: 3, requestTimeoutMs: 2000 }));
// One attempt per call: publishEvents retries both refused entries and failed calls, and knows the deadline.
const eventBridge = new EventBridgeClient(boundedClientOptions({ maxAttempts: 1, requestTimeoutMs: 2000 }));

const parameters = new SSMProvider({ awsSdkV3Client: ssm });

const deps: ReceiverDeps = {
  fleets: createFleetReader(parameters, PARAMETER_PREFIX, systemTiming, (parameterName, problem) =>
    logger.warn('secret ignored', { parameterName, problem }),
  ),
  runnerTokens: createRunnerTokenStore(ssm, PARAMETER_PREFIX, systemTiming, (parameterName, failure) =>
    logger.warn('runner token not renewed', { parameterName, failure }),
  ),
  publish: createPublishJobEvent(eventBridge, EVENT_BUS_NAME, systemTiming),
  recent: createTimedCache({ now: systemTiming.now, maxAgeMs: 600_000, maxEntries: 2000 }),
  now: systemTiming.now,
};

/** Handles one request of the function URL. It never throws: failures are answered. */
export async function handler(event: unknown): Promise<Answer> {
  const reception = await answerInTime(() => receiveWebhook(readWebhookRequest(event), deps), systemTiming);
  logReception(reception);
  return reception.answer;
}

/** Logs one line for each webhook. */
function logReception({ answer: { statusCode }, log }: Reception): void {
  const line = { statusCode, ...log };
  if (statusCode >= 500) logger.error('webhook answered', line);
  else if (statusCode === 401 || statusCode === 400) logger.warn('webhook answered', line);
  else logger.info('webhook answered', line);
}
