import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import { readTasks } from '../../system/observe-tasks.ts';
import { logGroupPlaces, taskDefinitionPlaces, taskPlaces } from '../../system/readable-places.ts';
import type { CaseContext } from './conformance-case.ts';
import { PIPELINE_TIMEOUT_MS } from './start-pipeline.ts';

/**
 * An during: when the pipeline is over, none of some words is in what AWS shows: DescribeTasks, DescribeTaskDefinition, logs.
 * @param there what is in some task definition, so that one knows that the right place is looked at
 */
export function awsShowsNothingOf(
  words: readonly string[],
  there: string,
): (context: CaseContext) => Promise<void> {
  return async ({ gitlab, system, endpoint, pipeline }) => {
    await gitlab.waitForPipeline(pipeline.id, undefined, PIPELINE_TIMEOUT_MS);
    const { ecs, outputs } = system;
    const arns = (await readTasks(ecs, outputs.ClusterArn)).map(({ taskArn }) => taskArn);
    const places = [
      ...(await taskPlaces(ecs, outputs.ClusterArn, arns)),
      ...(await taskDefinitionPlaces(ecs)),
      ...(await logGroupPlaces(new CloudWatchLogsClient(emulatorClient(endpoint)))),
    ];
    if (!places.some(({ text }) => text.includes(there)))
      throw new Error(`nothing that AWS shows has ${there}`);
    const found = places.filter(({ text }) => words.some((word) => text.includes(word)));
    if (found.length > 0) throw new Error(`a secret is in ${found.map(({ where }) => where).join(', ')}`);
  };
}
