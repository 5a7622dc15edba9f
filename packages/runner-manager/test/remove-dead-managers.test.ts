import { DescribeTasksCommand, ECSClient, ListTasksCommand, type Task } from '@aws-sdk/client-ecs';
import { definitionArn } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { managerFamily, toTags } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../src/logger.ts';
import type { RunnerApi } from '../src/manager/gitlab-api.ts';
import { removeDeadManagers } from '../src/manager/remove-dead-managers.ts';

const ecs = new ECSClient({ region: 'eu-west-1' });
const mock = mockClient(ecs);
const logger = createLogger('ERROR', () => {});
const SELF = { ecs, cluster: 'ci', fleet: 'default' };
const taskDefinitionArn = definitionArn(managerFamily('default'));
const brought = '/p/fleets/default/runner-tokens/abc';

beforeEach(() => mock.reset());

/** A manager that ended, and whether its system id is removed. */
async function removed(task: Task, runnerTokenParameter?: string): Promise<string[]> {
  const taskArn = 'arn:aws:ecs:eu-west-1:111122223333:task/ci/fedcba9876543210fedcba9876543210';
  mock
    .on(ListTasksCommand, {
      cluster: 'ci',
      family: 'serverless-gitlab-runner-manager-default',
      desiredStatus: 'STOPPED',
    })
    .resolves({ taskArns: [taskArn] });
  mock
    .on(DescribeTasksCommand, { cluster: 'ci', tasks: [taskArn], include: ['TAGS'] })
    .resolves({ tasks: [{ taskArn, taskDefinitionArn, lastStatus: 'STOPPED', ...task }] });
  const ids: string[] = [];
  const api: Pick<RunnerApi, 'unregister'> = {
    unregister: async (systemId = 'itself') => void ids.push(systemId),
  };
  await removeDeadManagers({ ...SELF, runnerTokenParameter }, api, logger);
  return ids;
}

const tags = (over: Parameters<typeof toTags>[0] = {}) =>
  toTags({ role: 'manager', fleet: 'default', ...over });
const ended = (exitCode?: number) => [{ name: 'manager', ...(exitCode === undefined ? {} : { exitCode }) }];
const GONE = ['r_fedcba987654'];

describe('a manager that ended is removed from GitLab’s list', () => {
  it.each<[string, Task, string | undefined, string[]]>([
    ['when it was killed', { tags: tags(), containers: ended(137) }, undefined, GONE],
    ['when its task never got to run it', { tags: tags(), containers: ended() }, undefined, GONE],
    [
      'when it was killed, to a manager that is told the fleet’s own parameter by name',
      { tags: tags(), containers: ended(137) },
      '/p/fleets/default/runner-token',
      GONE,
    ],
    ['not when it left by itself', { tags: tags(), containers: ended(0) }, undefined, []],
    ['not while it stops', { tags: tags(), containers: ended(137), lastStatus: 'STOPPING' }, undefined, []],
    ['when StopTask has deleted its tags', { tags: [], containers: ended(137) }, undefined, GONE],
    [
      'not of another fleet',
      { taskDefinitionArn: definitionArn(managerFamily('other')), containers: ended(137) },
      undefined,
      [],
    ],
    [
      'not with another runner token',
      { tags: tags({ runnerTokenParameter: brought }), containers: ended(137) },
      undefined,
      [],
    ],
    [
      'with the same brought token',
      { tags: tags({ runnerTokenParameter: brought }), containers: ended(1) },
      brought,
      GONE,
    ],
  ])('%s', async (_title, task, token, ids) => {
    expect(await removed(task, token)).toEqual(ids);
  });

  it('is skipped when ECS does not answer', async () => {
    mock.on(ListTasksCommand).rejects(new Error('no'));
    const api = { unregister: async () => expect.unreachable() };
    const predecessors = { ...SELF, runnerTokenParameter: undefined };
    await expect(removeDeadManagers(predecessors, api, logger)).resolves.toBeUndefined();
  });
});
