import { setTimeout as delay } from 'node:timers/promises';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { paginateListSecrets, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import { jobSecretsPath, TAG } from '@serverless-gitlab-runner/fleet';
import { readTasks } from '../../system/observe-tasks.ts';
import {
  logGroupPlaces,
  type Place,
  taskDefinitionPlaces,
  taskPlaces,
} from '../../system/readable-places.ts';
import type { CaseContext } from './conformance-case.ts';
import { PIPELINE_TIMEOUT_MS } from './start-pipeline.ts';

/** Milliseconds after a pipeline's end in which the last secret of its jobs must be gone. */
const GONE_WITHIN_MS = 30_000;

/** A user name and a password of a registry. */
export type RegistryLogin = readonly [username: string, password: string];

/**
 * An during: when the pipeline is over, none of its jobs' secrets is left in Secrets Manager, and no password of a registry is in
 * a task definition, a task, a log of AWS or a job log.
 * @param wrong logins that the suite's jobs bring besides those that the GitLab gave
 */
export function leavesNoLogin(...wrong: readonly RegistryLogin[]): (context: CaseContext) => Promise<void> {
  return async (context) => {
    const { gitlab, pipeline } = context;
    await gitlab.waitForPipeline(pipeline.id, undefined, PIPELINE_TIMEOUT_MS);
    await untilSecretsAreGone(context);
    const logins: RegistryLogin[] = [
      ...wrong,
      ...gitlab.deployTokens.map(({ username, token }): RegistryLogin => [username, token]),
      ...pipeline.jobs.map(({ token }): RegistryLogin => ['gitlab-ci-token', token]),
      ['root', gitlab.privateToken],
    ];
    const words = logins.flatMap(([username, password]) => [
      password,
      Buffer.from(`${username}:${password}`).toString('base64'),
    ]);
    const places = await readPlaces(context);
    // Who looks in the wrong places finds nothing.
    if (!places.some(({ text }) => text.includes('"credentialsParameter"')))
      throw new Error('no task definition names a secret with a login');
    const found = places.filter(({ text }) => words.some((word) => text.includes(word)));
    if (found.length > 0)
      throw new Error(`a password of a registry is in ${found.map(({ where }) => where).join(', ')}`);
  };
}

async function readPlaces({ system, endpoint, pipeline }: CaseContext): Promise<Place[]> {
  const { ecs, outputs } = system;
  const tasks = await readTasks(ecs, outputs.ClusterArn);
  const missing = pipeline.jobs.filter(({ id }) => !tasks.some(({ jobId }) => jobId === id));
  if (missing.length > 0)
    throw new Error(`ECS tells of no task of ${missing.map(({ name }) => name).join(', ')}`);
  const arns = tasks.map(({ taskArn }) => taskArn);
  return [
    ...(await taskPlaces(ecs, outputs.ClusterArn, arns)),
    ...(await taskDefinitionPlaces(ecs)),
    ...(await logGroupPlaces(new CloudWatchLogsClient(emulatorClient(endpoint)))),
    ...pipeline.jobs.map(({ name, trace }) => ({ where: `the log of the job ${name}`, text: trace.text })),
  ];
}

async function untilSecretsAreGone({ system, endpoint, pipeline }: CaseContext): Promise<void> {
  const client = new SecretsManagerClient(emulatorClient(endpoint));
  const path = jobSecretsPath(system.outputs.ParameterPrefix);
  const jobs = new Set(pipeline.jobs.map(({ id }) => `${id}`));
  const deadline = Date.now() + GONE_WITHIN_MS;
  for (;;) {
    const left: string[] = [];
    for await (const { SecretList = [] } of paginateListSecrets({ client }, {})) {
      const ofJobs = SecretList.filter(({ Name }) => Name?.startsWith(path)).flatMap(({ Tags = [] }) => Tags);
      left.push(
        ...ofJobs.flatMap(({ Key, Value = '' }) => (Key === TAG.jobId && jobs.has(Value) ? [Value] : [])),
      );
    }
    if (left.length === 0) return;
    if (Date.now() > deadline)
      throw new Error(`Secrets Manager still has a login of the jobs ${left.join(', ')}`);
    await delay(1000);
  }
}
