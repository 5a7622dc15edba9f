import {
  ConflictException,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
  type Tag,
  TagResourceCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { definitionArn, taskIdNumber } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { jobFamilyPrefix, managerFamily, tagValue } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';

/** The family that a task with such tags has. */
function familyOfTags(tags: Tag[]): string {
  const fleet = tagValue(tags, 'fleet') ?? '';
  const role = tagValue(tags, 'role');
  if (role === 'manager') return managerFamily(fleet);
  return role === 'job' ? `${jobFamilyPrefix(fleet)}1` : 'of-somebody-else';
}

/** The part of ECS that the launcher uses: tasks, tags, client tokens. */
export function createFakeEcs(now: () => number) {
  const mock = mockClient(ECSClient);
  const tasks = new Map<string, Task>();
  const tokens = new Map<string, { arn: string; parameters: string }>();
  /** Tasks that DescribeTasks reports as MISSING although they exist, as ECS does for a few seconds. */
  const missing = new Set<string>();
  let count = 0;

  function add(task: Partial<Task> & { tags: Tag[] }): string {
    count += 1;
    const taskArn = `arn:aws:ecs:eu-west-1:111122223333:task/cluster/${taskIdNumber(count)}`;
    const state = { lastStatus: 'RUNNING', desiredStatus: 'RUNNING', createdAt: new Date(now()) };
    const taskDefinitionArn = definitionArn(familyOfTags(task.tags));
    tasks.set(taskArn, { taskArn, taskDefinitionArn, ...state, ...task });
    return taskArn;
  }

  function runTask(input: RunTaskCommandInput) {
    const parameters = JSON.stringify(input);
    const kept = tokens.get(input.clientToken ?? '');
    if (kept && kept.parameters !== parameters) {
      throw new ConflictException({
        message: 'The provided clientToken is already in use',
        resourceIds: [kept.arn],
        $metadata: {},
      });
    }
    const arn =
      kept?.arn ?? add({ lastStatus: 'PROVISIONING', tags: input.tags ?? [], startedBy: input.startedBy });
    tokens.set(input.clientToken ?? '', { arn, parameters });
    return { tasks: [{ ...tasks.get(arn), tags: undefined }], failures: [] };
  }

  function install() {
    mock.reset();
    mock.on(RunTaskCommand).callsFake(runTask);
    mock.on(ListTasksCommand).callsFake(({ desiredStatus = 'RUNNING' }) => ({
      taskArns: [...tasks.values()]
        .filter((task) => task.desiredStatus === desiredStatus)
        .map(({ taskArn }) => taskArn),
    }));
    mock.on(DescribeTasksCommand).callsFake(({ tasks: requested }: { tasks: string[] }) => ({
      tasks: requested.flatMap((arn) => (missing.has(arn) ? [] : (tasks.get(arn) ?? []))),
      failures: requested.filter((arn) => missing.has(arn)).map((arn) => ({ arn, reason: 'MISSING' })),
    }));
    mock.on(TagResourceCommand).callsFake(({ resourceArn, tags }: { resourceArn: string; tags: Tag[] }) => {
      change(resourceArn, (task) => ({
        tags: [...(task.tags ?? []).filter(({ key }) => !tags.some((tag) => tag.key === key)), ...tags],
      }));
      return {};
    });
  }

  function change(arn: string, how: (task: Task) => Partial<Task>): void {
    const task = tasks.get(arn);
    if (task) tasks.set(arn, { ...task, ...how(task) });
  }

  install();
  return {
    mock,
    client: new ECSClient({ region: 'eu-west-1' }),
    tasks,
    missing,
    add,
    change,
    runTask,
    /** Inputs of all RunTask calls. */
    runs: () => mock.commandCalls(RunTaskCommand).map((call) => call.args[0].input),
    stop: (arn: string, over: Partial<Task> = {}) =>
      change(arn, () => ({
        lastStatus: 'STOPPED',
        desiredStatus: 'STOPPED',
        stoppedAt: new Date(now()),
        ...over,
      })),
  };
}
