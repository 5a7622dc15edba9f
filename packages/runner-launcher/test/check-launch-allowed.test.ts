import { DescribeTasksCommand, ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { definitionArn, managerFacts, taskIdNumber } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { managerFamily, toTags } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkLaunchAllowed } from '../src/index.ts';

const ssmMock = mockClient(SSMClient);
const ecsMock = mockClient(ECSClient);
const stoppedAt = new Date('2026-11-23T10:00:00Z');
const own = { fleet: 'default', runnerTokenParameter: undefined };
const deps = {
  ecs: new ECSClient({ region: 'eu-west-1' }),
  ssm: new SSMClient({ region: 'eu-west-1' }),
  cluster: 'cluster',
  parameterPrefix: '/p',
  now: () => stoppedAt.getTime() + 1000,
};

beforeEach(() => {
  ssmMock.reset();
  ecsMock.reset();
});

/** Managers of the fleet that ended with these exit codes, each a second after its start. */
function ended(
  exitCodes: number | (number | undefined)[],
  tags = toTags({ role: 'manager', fleet: 'default' }),
) {
  const startedAt = new Date(stoppedAt.getTime() - 1000);
  const tasks = [exitCodes].flat().map((exitCode, index) => ({
    taskArn: `arn:aws:ecs:eu-west-1:111122223333:task/cluster/${taskIdNumber(index)}`,
    taskDefinitionArn: definitionArn(managerFamily('default')),
    lastStatus: 'STOPPED',
    createdAt: startedAt,
    startedAt,
    stoppedAt,
    tags,
    containers: [{ name: 'manager', exitCode }],
  }));
  ecsMock
    .on(ListTasksCommand, { family: managerFamily('default'), desiredStatus: 'STOPPED' })
    .resolves({ taskArns: tasks.map(({ taskArn }) => taskArn) });
  ecsMock.on(DescribeTasksCommand).resolves({ tasks });
}

describe('a runner token that GitLab refused', () => {
  const earlier = new Date('2026-11-23T09:00:00Z');
  const later = new Date('2026-11-23T10:00:01Z');

  it.each([
    ['nothing was written since', earlier, earlier, earlier, true],
    ['the document was written since', later, earlier, earlier, false],
    ['the token was written since', earlier, later, earlier, false],
    ['only GitLab’s authorities were written since', earlier, earlier, later, true],
  ])('and %s', async (_title, config, token, authorities, refused) => {
    ended(78);
    ssmMock.on(GetParametersCommand).resolves({
      Parameters: [
        { Name: '/p/fleets/default/config', LastModifiedDate: config },
        { Name: '/p/fleets/default/runner-token', LastModifiedDate: token },
        { Name: '/p/fleets/default/ca', LastModifiedDate: authorities },
      ],
    });
    const failure = await checkLaunchAllowed(own, [], deps);
    expect(failure !== undefined).toBe(refused);
    if (refused) expect(failure).toMatchObject({ reason: 'runner-token-refused', permanent: true });
    expect(ssmMock.commandCalls(GetParametersCommand)[0]?.args[0].input).toEqual({
      Names: ['/p/fleets/default/config', '/p/fleets/default/runner-token', '/p/fleets/default/ca'],
    });
  });

  it.each([
    ['managers that ended otherwise', 0, own],
    [
      'managers with another token',
      78,
      { ...own, runnerTokenParameter: '/p/fleets/default/runner-tokens/abc' },
    ],
  ])('is not inferred from %s', async (_title, exitCode, runnerQueue) => {
    ended(exitCode);
    expect(await checkLaunchAllowed(runnerQueue, [], deps)).toBeUndefined();
    expect(ssmMock.calls()).toHaveLength(0);
  });

  it('is reported with the parameter to correct, including the token of a webhook', async () => {
    const runnerTokenParameter = '/p/fleets/default/runner-tokens/abc';
    ended(78, toTags({ role: 'manager', fleet: 'default', runnerTokenParameter }));
    ssmMock.on(GetParametersCommand).resolves({ Parameters: [] });
    const failure = await checkLaunchAllowed({ ...own, runnerTokenParameter }, [], deps);
    expect(failure?.message).toContain(runnerTokenParameter);
  });
});

describe('managers that ended soon after their start', () => {
  const written = (date: Date, name = 'config') =>
    ssmMock
      .on(GetParametersCommand)
      .resolves({ Parameters: [{ Name: `/p/fleets/default/${name}`, LastModifiedDate: date }] });
  const at = (seconds: number) => ({ ...deps, now: () => stoppedAt.getTime() + seconds * 1000 });

  it('do not delay the first replacement', async () => {
    ended(1);
    expect(await checkLaunchAllowed(own, [], at(0))).toBeUndefined();
  });

  it('delay the next one, until the wait is over', async () => {
    ended([1, 137, 70]);
    expect(await checkLaunchAllowed(own, [], at(179.999))).toEqual({
      reason: 'unknown',
      message:
        'The last 3 managers of fleet default ended soon after starting, most recently with exit code 1. The next one ' +
        "starts after 2026-11-23T10:03:00.000Z; see the manager's log and its stopped task",
      permanent: false,
    });
    expect(await checkLaunchAllowed(own, [], at(180))).toBeUndefined();
    expect(ssmMock.calls()).toHaveLength(0);
  });

  it('are distinguished by whether their container ran', async () => {
    ended([undefined, 1]);
    expect((await checkLaunchAllowed(own, [], at(0)))?.message).toContain(
      'most recently before its container ran.',
    );
  });

  it('do not matter once a later one works', async () => {
    ended([1, 1]);
    const createdAt = stoppedAt.getTime() + 1;
    const working = managerFacts({ createdAt, startedAt: createdAt });
    expect(await checkLaunchAllowed(own, [working], at(59.9))).toBeDefined();
    ended([1, 1, 1, 1, 1]);
    expect(await checkLaunchAllowed(own, [working], at(301))).toBeUndefined();
  });

  it.each([
    ['before the last one ended', -1, true],
    ['after it', 1, false],
  ])(
    'because of an invalid fleet delay the next one, with the document written %s: %s s, %s',
    async (_title, seconds, waits) => {
      ended([65, 1]);
      written(new Date(stoppedAt.getTime() + seconds * 1000));
      const failure = await checkLaunchAllowed(own, [], at(10));
      expect(failure !== undefined).toBe(waits);
      if (waits) {
        expect(failure).toMatchObject({ reason: 'invalid-fleet', permanent: false });
        expect(failure?.message).toBe(
          `The last 2 managers of fleet default ended because the fleet's document, runner token or certificate ` +
            "authorities were unusable. The next one starts after 2026-11-23T10:01:00.000Z; correct what the manager's log names",
        );
      }
    },
  );

  it('because of invalid authorities of GitLab do not delay the next one once these were written', async () => {
    ended([65, 1]);
    written(new Date(stoppedAt.getTime() + 1000), 'ca');
    expect(await checkLaunchAllowed(own, [], at(10))).toBeUndefined();
  });

  it('delay the next one even after a refused token was replaced', async () => {
    ended([1, 1, 78]);
    written(new Date(stoppedAt.getTime() + 1));
    expect(await checkLaunchAllowed(own, [], at(10))).toMatchObject({ reason: 'unknown', permanent: false });
  });
});
