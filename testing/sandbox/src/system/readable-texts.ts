import {
  type CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  type ECSClient,
  paginateListTaskDefinitions,
} from '@aws-sdk/client-ecs';

/** A text that anyone with read access to the AWS account can read. */
export interface ReadableText {
  where: string;
  text: string;
}

/** Maximum number of tasks in one DescribeTasks call. */
const MAX_DESCRIBED_TASKS = 100;

/** Reads every log group with all its lines. */
export async function logGroupTexts(client: CloudWatchLogsClient): Promise<ReadableText[]> {
  const { logGroups = [] } = await client.send(new DescribeLogGroupsCommand({}));
  const texts: ReadableText[] = [];
  for (const { logGroupName = '' } of logGroups) {
    const lines: string[] = [];
    for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName }))
      lines.push(...events.map(({ message = '' }) => message));
    texts.push({ where: `the log group ${logGroupName}`, text: lines.join('\n') });
  }
  return texts;
}

/** Reads every task definition completely. */
export async function taskDefinitionTexts(client: ECSClient): Promise<ReadableText[]> {
  const texts: ReadableText[] = [];
  for await (const { taskDefinitionArns = [] } of paginateListTaskDefinitions({ client }, {})) {
    for (const taskDefinition of taskDefinitionArns) {
      const described = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
      const text = JSON.stringify(described.taskDefinition);
      texts.push({ where: `the task definition ${taskDefinition}`, text });
    }
  }
  return texts;
}

/** Reads tasks with their tags and overrides. */
export async function taskTexts(
  client: ECSClient,
  cluster: string,
  arns: readonly string[],
): Promise<ReadableText[]> {
  const texts: ReadableText[] = [];
  for (let start = 0; start < arns.length; start += MAX_DESCRIBED_TASKS) {
    const page = arns.slice(start, start + MAX_DESCRIBED_TASKS);
    const { tasks = [] } = await client.send(
      new DescribeTasksCommand({ cluster, tasks: page, include: ['TAGS'] }),
    );
    texts.push(...tasks.map((task) => ({ where: `the task ${task.taskArn}`, text: JSON.stringify(task) })));
  }
  return texts;
}
