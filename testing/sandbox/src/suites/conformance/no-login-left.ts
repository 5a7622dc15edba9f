import { setTimeout as delay } from 'node:timers/promises';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { paginateListSecrets, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import { jobSecretsPath, TAG } from '@serverless-gitlab-runner/fleet';
import { readTasks } from '../../system/observe-tasks.ts';
import {
  logGroupTexts,
  type ReadableText,
  taskDefinitionTexts,
  taskTexts,
} from '../../system/readable-texts.ts';
import type { CaseContext } from './conformance-case.ts';
import { PIPELINE_TIMEOUT_MS } from './start-pipeline.ts';

/** Milliseconds after a pipeline's end within which the secrets of its jobs must be deleted. */
const DELETION_TIMEOUT_MS = 30_000;

/** A user name and password for a registry. */
export type RegistryLogin = readonly [username: string, password: string];

/**
 * For `during`: when the pipeline has ended, none of its jobs' secrets is left in Secrets Manager, and no registry password
 * appears in a task definition, a task, a log of AWS or a job log.
 * @param otherLogins logins that the suite's jobs use in addition to those from GitLab
 */
export function leavesNoLogin(
  ...otherLogins: readonly RegistryLogin[]
): (context: CaseContext) => Promise<void> {
  return async (context) => {
    const { gitlab, pipeline } = context;
    await gitlab.waitForPipeline(pipeline.id, undefined, PIPELINE_TIMEOUT_MS);
    await waitUntilSecretsAreDeleted(context);
    const logins: RegistryLogin[] = [
      ...otherLogins,
      ...gitlab.deployTokens.map(({ username, token }): RegistryLogin => [username, token]),
      ...pipeline.jobs.map(({ token }): RegistryLogin => ['gitlab-ci-token', token]),
      ['root', gitlab.privateToken],
    ];
    const secrets = logins.flatMap(([username, password]) => [
      password,
      Buffer.from(`${username}:${password}`).toString('base64'),
    ]);
    const texts = await readTexts(context);
    // Proves that the search reads the right data.
    if (!texts.some(({ text }) => text.includes('"credentialsParameter"')))
      throw new Error('no task definition refers to a secret with a login');
    const found = texts.filter(({ text }) => secrets.some((secret) => text.includes(secret)));
    if (found.length > 0)
      throw new Error(`a registry password is readable in ${found.map(({ where }) => where).join(', ')}`);
  };
}

async function readTexts({ system, endpoint, pipeline }: CaseContext): Promise<ReadableText[]> {
  const { ecs, outputs } = system;
  const tasks = await readTasks(ecs, outputs.ClusterArn);
  const missing = pipeline.jobs.filter(({ id }) => !tasks.some(({ jobId }) => jobId === id));
  if (missing.length > 0) throw new Error(`ECS has no task of ${missing.map(({ name }) => name).join(', ')}`);
  const arns = tasks.map(({ taskArn }) => taskArn);
  return [
    ...(await taskTexts(ecs, outputs.ClusterArn, arns)),
    ...(await taskDefinitionTexts(ecs)),
    ...(await logGroupTexts(new CloudWatchLogsClient(emulatorClient(endpoint)))),
    ...pipeline.jobs.map(({ name, trace }) => ({ where: `the log of the job ${name}`, text: trace.text })),
  ];
}

async function waitUntilSecretsAreDeleted({ system, endpoint, pipeline }: CaseContext): Promise<void> {
  const client = new SecretsManagerClient(emulatorClient(endpoint));
  const path = jobSecretsPath(system.outputs.ParameterPrefix);
  const jobs = new Set(pipeline.jobs.map(({ id }) => `${id}`));
  const deadline = Date.now() + DELETION_TIMEOUT_MS;
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
      throw new Error(`Secrets Manager still has logins of the jobs ${left.join(', ')}`);
    await delay(1000);
  }
}
