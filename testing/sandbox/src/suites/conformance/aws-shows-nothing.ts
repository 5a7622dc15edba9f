import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import { readTasks } from '../../system/observe-tasks.ts';
import { logGroupTexts, taskDefinitionTexts, taskTexts } from '../../system/readable-texts.ts';
import type { CaseContext } from './conformance-case.ts';
import { PIPELINE_TIMEOUT_MS } from './start-pipeline.ts';

/**
 * For `during`: when the pipeline has ended, none of the secrets appears in DescribeTasks, DescribeTaskDefinition or logs.
 * @param control a text that some task definition must contain, which proves that the search reads the right data
 */
export function awsShowsNothingOf(
  secrets: readonly string[],
  control: string,
): (context: CaseContext) => Promise<void> {
  return async ({ gitlab, system, endpoint, pipeline }) => {
    await gitlab.waitForPipeline(pipeline.id, undefined, PIPELINE_TIMEOUT_MS);
    const { ecs, outputs } = system;
    const arns = (await readTasks(ecs, outputs.ClusterArn)).map(({ taskArn }) => taskArn);
    const texts = [
      ...(await taskTexts(ecs, outputs.ClusterArn, arns)),
      ...(await taskDefinitionTexts(ecs)),
      ...(await logGroupTexts(new CloudWatchLogsClient(emulatorClient(endpoint)))),
    ];
    if (!texts.some(({ text }) => text.includes(control)))
      throw new Error(`the search is incomplete: AWS shows no text with ${control}`);
    const found = texts.filter(({ text }) => secrets.some((secret) => text.includes(secret)));
    if (found.length > 0)
      throw new Error(`a secret is readable in ${found.map(({ where }) => where).join(', ')}`);
  };
}
