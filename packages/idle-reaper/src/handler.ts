import { Logger } from '@aws-lambda-powertools/logger';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { boundedClientOptions, publishEvents, systemTiming } from '@serverless-gitlab-runner/aws/calls';
import { ECS_SHARES, keepToShare, readEndedTasks } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { readEnvironment } from './environment.ts';
import { createJobDefinitions } from './job-definitions.ts';
import { createJobSecrets } from './job-secrets.ts';
import { readClusterState } from './read-cluster-state.ts';
import { readFleets } from './read-fleets.ts';
import { createRunnerTokens } from './runner-tokens.ts';
import { sweep } from './sweep.ts';
import type { SweepDeps, SweepSummary } from './sweep-state.ts';

const { CLUSTER: cluster, EVENT_BUS_NAME: eventBusName, PARAMETER_PREFIX: prefix } = readEnvironment();
const logger = new Logger({ serviceName: 'idle-reaper' });

const bounds = boundedClientOptions({ maxAttempts: 3, requestTimeoutMs: 5000 });
const ecs = new ECSClient(bounds);
keepToShare(ecs, ECS_SHARES.reaper, () => 1, systemTiming);
const ssm = new SSMClient(bounds);
const secrets = createJobSecrets(new SecretsManagerClient(bounds), prefix, systemTiming.now);
const eventBridge = new EventBridgeClient(boundedClientOptions({ maxAttempts: 1, requestTimeoutMs: 3000 }));

/** Milliseconds that publishing a sweep's events may take. */
const PUBLISH_MS = 10_000;

const deps: SweepDeps = {
  ecs,
  cluster,
  eventBusName,
  readClusterState: (fleets) => readClusterState(ecs, cluster, fleets),
  readEndedTasks: () => readEndedTasks(ecs, cluster),
  readFleets: (report) => readFleets(ssm, prefix, report),
  secrets,
  parameterPrefix: prefix,
  tokens: createRunnerTokens(ssm, systemTiming.now),
  definitions: createJobDefinitions(ecs, systemTiming.now),
  publish: async (entries) => {
    const deadlineAt = systemTiming.now() + PUBLISH_MS;
    await publishEvents(eventBridge, entries, { timing: systemTiming, deadlineAt });
  },
  now: systemTiming.now,
  random: systemTiming.random,
  log: (message, fields, level = 'info') => logger[level](message, fields),
};

/** Runs one sweep, regardless of the event that invoked it. */
export async function handler(): Promise<SweepSummary> {
  return sweep(deps);
}
