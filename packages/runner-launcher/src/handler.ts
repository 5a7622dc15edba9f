import { Logger } from '@aws-lambda-powertools/logger';
import { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import {
  boundedClientOptions,
  failureName,
  publishEvents,
  systemTiming,
} from '@serverless-gitlab-runner/aws/calls';
import { ECS_SHARES, keepToShare } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { EventEntry } from '@serverless-gitlab-runner/shared-events';
import type { SQSBatchResponse } from 'aws-lambda';
import { acknowledgeMessages, type MessageOutcome } from './acknowledge-messages.ts';
import { createCapacityMemory } from './capacity-memory.ts';
import { checkLaunchAllowed } from './check-launch-allowed.ts';
import { readEnvironment } from './environment.ts';
import { createExpectedJobs } from './expected-jobs.ts';
import { createGitLabReader } from './gitlab-reader.ts';
import { createListFleets } from './list-fleets.ts';
import { type BatchDeps, processBatch } from './process-batch.ts';
import { createApiTokens } from './read-api-token.ts';
import { createReadFleet } from './read-fleet.ts';
import { sqsEventSchema } from './read-messages.ts';
import { routeRequests } from './route-requests.ts';
import { createStartedJobs } from './started-jobs.ts';
import { createTaskCache } from './task-cache.ts';

const environment = readEnvironment();
const { CLUSTER: cluster, PARAMETER_PREFIX: parameterPrefix } = environment;
const logger = new Logger({ serviceName: 'runner-launcher' });

const bounds = boundedClientOptions({ maxAttempts: 3, requestTimeoutMs: 5000 });
const ecs = new ECSClient(bounds);
keepToShare(ecs, ECS_SHARES.launcher, () => environment.MAX_LAUNCHERS, systemTiming);
const ssm = new SSMClient(bounds);
const sqs = new SQSClient(bounds);
const eventBridge = new EventBridgeClient(boundedClientOptions({ maxAttempts: 1, requestTimeoutMs: 3000 }));

/** Milliseconds after which an invocation starts nothing more, and after which it answers. Lambda ends it after 60 s. */
const TIME = { startsUntilMs: 35_000, answersAfterMs: 45_000 };
/** Milliseconds that publishing the events of a launch may take. */
const PUBLISH_MS = 5000;

const parameters = new SSMProvider({ awsSdkV3Client: ssm });
const apiTokens = createApiTokens(parameters, parameterPrefix, systemTiming.now);
const readFleet = createReadFleet(parameters, parameterPrefix, systemTiming.now);
const listFleets = createListFleets(ssm, parameterPrefix, systemTiming.now);

const taskCache = createTaskCache(systemTiming.now);

const deps: BatchDeps = {
  ecs,
  cluster,
  parameterPrefix,
  eventBusName: environment.EVENT_BUS_NAME,
  timing: systemTiming,
  capacity: createCapacityMemory(systemTiming.now),
  expectedJobs: createExpectedJobs(systemTiming.now),
  startedJobs: createStartedJobs(),
  readFleet,
  readClusterState: () => taskCache.read(ecs, cluster),
  maxReceives: environment.MAX_RECEIVES,
  checkLaunchAllowed: (runnerQueue, running) =>
    checkLaunchAllowed(runnerQueue, running, { ecs, ssm, cluster, parameterPrefix, now: systemTiming.now }),
  route: (requests) =>
    routeRequests(requests, {
      readFleet,
      listFleets,
      gitlab: createGitLabReader(apiTokens, systemTiming),
      parameterPrefix,
      log: (message, fields) => logger.info(message, fields),
      warn: (message, fields) => logger.warn(message, fields),
    }),
  publish,
  log: (message, fields, level = 'info') => logger[level](message, fields),
};

/** Handles a batch of messages. The messages named in the response stay in the queue and come back later. */
export async function handler(event: unknown): Promise<SQSBatchResponse> {
  const messages = sqsEventSchema
    .parse(event)
    .Records.map(({ messageId, receiptHandle, body, attributes }) => ({
      messageId,
      receiptHandle,
      body,
      receiveCount: attributes.ApproximateReceiveCount,
    }));
  const settled = await processInTime(messages);
  const keep = await acknowledgeMessages(settled, {
    sqs,
    queueUrl: environment.QUEUE_URL,
    deadLetterQueueUrl: environment.DEAD_LETTER_QUEUE_URL,
    random: systemTiming.random,
    warn: (message, fields) => logger.warn(message, fields),
  });
  return { batchItemFailures: keep.map((itemIdentifier) => ({ itemIdentifier })) };
}

async function processInTime(messages: Parameters<typeof processBatch>[0]): Promise<MessageOutcome[]> {
  const timeUp = Promise.withResolvers<void>();
  const timer = setTimeout(timeUp.resolve, TIME.answersAfterMs);
  try {
    const deadlineAt = systemTiming.now() + TIME.startsUntilMs;
    return await processBatch(messages, { ...deps, deadlineAt, timeUp: timeUp.promise });
  } finally {
    clearTimeout(timer);
  }
}

async function publish(build: () => EventEntry[]): Promise<void> {
  try {
    const deadlineAt = systemTiming.now() + PUBLISH_MS;
    await publishEvents(eventBridge, build(), { timing: systemTiming, deadlineAt });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    logger.error('events not published', { failure: failureName(error), problem });
  }
}
