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

/** Something that people with a look into the AWS account can read. */
export interface Place {
  where: string;
  text: string;
}

/** Most tasks that ECS describes at once. */
const DESCRIBED_AT_ONCE = 100;

/** Every log group, with all its lines. */
export async function logGroupPlaces(client: CloudWatchLogsClient): Promise<Place[]> {
  const { logGroups = [] } = await client.send(new DescribeLogGroupsCommand({}));
  const places: Place[] = [];
  for (const { logGroupName = '' } of logGroups) {
    const lines: string[] = [];
    for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName }))
      lines.push(...events.map(({ message = '' }) => message));
    places.push({ where: `the log group ${logGroupName}`, text: lines.join('\n') });
  }
  return places;
}

/** Every task definition, whole. */
export async function taskDefinitionPlaces(client: ECSClient): Promise<Place[]> {
  const places: Place[] = [];
  for await (const { taskDefinitionArns = [] } of paginateListTaskDefinitions({ client }, {})) {
    for (const taskDefinition of taskDefinitionArns) {
      const described = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
      const text = JSON.stringify(described.taskDefinition);
      places.push({ where: `the task definition ${taskDefinition}`, text });
    }
  }
  return places;
}

/** Tasks with what they were started with, tags and overrides too. */
export async function taskPlaces(
  client: ECSClient,
  cluster: string,
  arns: readonly string[],
): Promise<Place[]> {
  const places: Place[] = [];
  for (let start = 0; start < arns.length; start += DESCRIBED_AT_ONCE) {
    const page = arns.slice(start, start + DESCRIBED_AT_ONCE);
    const { tasks = [] } = await client.send(
      new DescribeTasksCommand({ cluster, tasks: page, include: ['TAGS'] }),
    );
    places.push(...tasks.map((task) => ({ where: `the task ${task.taskArn}`, text: JSON.stringify(task) })));
  }
  return places;
}
