import {
  ClientException,
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListTaskDefinitionFamiliesCommand,
} from '@aws-sdk/client-ecs';
import { definitionArn, jobTaskFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { jobFamilyPrefix, managerFamily } from '@serverless-gitlab-runner/fleet';
import { beforeEach, describe, expect, it } from 'vitest';
import { type DefinitionFacts, isUnusedDefinition } from '../src/decide-definition.ts';
import { createJobDefinitions } from '../src/job-definitions.ts';
import { sweep } from '../src/sweep.ts';
import { minute, now as start } from './support/fleets.ts';
import { deps, ecs, named, resetEcs } from './support/sweep.ts';

const DAY = 24 * 60 * minute;
const now = start + 365 * DAY;
const family = (shape: string | number, fleet = 'default') => `${jobFamilyPrefix(fleet)}${shape}`;
const old = (name = family('a'), days = 31): DefinitionFacts => ({
  arn: definitionArn(name),
  registeredAt: now - days * DAY,
});

beforeEach(resetEcs);

describe('a task definition of jobs', () => {
  const decide = (definition: DefinitionFacts, tasks: Parameters<typeof jobTaskFacts>[0][] = []) =>
    isUnusedDefinition({ definition, jobTasks: tasks.map(jobTaskFacts), now });

  it('is unused 30 days after it was registered', () => {
    const { arn } = old();
    expect(decide({ arn, registeredAt: now - 30 * DAY })).toBe(false);
    expect(decide({ arn, registeredAt: now - 30 * DAY - 1 })).toBe(true);
    expect(decide({ arn, registeredAt: undefined })).toBe(false);
  });

  it.each<[string, Parameters<typeof jobTaskFacts>[0], boolean]>([
    ['of a task that runs stays', { family: family('a') }, false],
    ['of a task that starts stays', { family: family('a'), state: 'starting' }, false],
    ['of a task that ended stays while ECS lists it', { family: family('a'), state: 'stopped' }, false],
    ['is not kept by a task of another shape', { family: family('b') }, true],
    ['is not kept by a task of another fleet', { family: family('a', 'other') }, true],
  ])('%s', (_, task, unused) => {
    expect(decide(old(), [task])).toBe(unused);
  });

  it.each([managerFamily('default'), managerFamily('a_b'), 'web', `my-${family('a')}`, '', 'a:b'])(
    'is not recognized by the family %j',
    (name) => {
      expect(decide(old(name, 9000))).toBe(false);
    },
  );
});

describe('a sweep', () => {
  function partsWith(definitions: DefinitionFacts[], jobTasks: ReturnType<typeof jobTaskFacts>[] = []) {
    const { all, lines } = deps({ definitions, jobTasks });
    const described: string[] = [];
    const deregistered: string[] = [];
    const { newest } = all.definitions;
    all.now = () => now;
    all.definitions.newest = async (name) => {
      described.push(name);
      return newest(name);
    };
    all.definitions.deregister = async (arn) => void deregistered.push(arn);
    return { all, lines, described, deregistered };
  }
  const many = (count: number, days = 31) =>
    Array.from({ length: count }, (_, number) => old(family(number), days));

  it('deregisters unused definitions, including those of removed fleets, and nothing else', async () => {
    const gone = old(family('a', 'gone'));
    const { all, lines, deregistered } = partsWith([
      old(),
      gone,
      old(family('young'), 29),
      old(managerFamily('default')),
      old('web'),
    ]);
    expect(await sweep(all)).toMatchObject({ definitions: 2, failures: 0 });
    expect(deregistered).toEqual([old().arn, gone.arn]);
    expect(lines).toContainEqual({ message: 'task definition deregistered', arn: gone.arn });
  });

  it('keeps the definition of a live task', async () => {
    const task = jobTaskFacts({ family: family('a'), createdAt: now });
    const { all, deregistered } = partsWith([old()], [task]);
    expect(await sweep(all)).toMatchObject({ definitions: 0, failures: 0 });
    expect(deregistered).toEqual([]);
  });

  it('deregisters at most five, and then describes no more', async () => {
    const { all, described, deregistered } = partsWith(many(30));
    expect(await sweep(all)).toMatchObject({ definitions: 5 });
    expect(deregistered).toHaveLength(5);
    expect(described).toHaveLength(5);
  });

  it.each([
    [0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    [0.999, [29, 28, 27, 26, 25, 24, 23, 22, 21, 20]],
  ])('describes ten families at random, each once (%s)', async (random, picked) => {
    const { all, described } = partsWith(many(30, 1));
    await sweep({ ...all, random: () => random });
    expect(described).toEqual(picked.map((number) => family(number)));
  });

  it('describes each family once where there are few', async () => {
    const { all, described } = partsWith(many(3, 1));
    await sweep({ ...all, random: () => 0.5 });
    expect([...described].sort()).toEqual([family(0), family(1), family(2)]);
  });

  it('continues after a failure, which it reports', async () => {
    const { all, lines, deregistered } = partsWith(many(2));
    const { deregister } = all.definitions;
    all.definitions.deregister = async (arn) => {
      if (arn === definitionArn(family(0))) throw named('AccessDeniedException');
      await deregister(arn);
    };
    await expect(sweep(all)).rejects.toThrow('1 steps');
    expect(deregistered).toEqual([definitionArn(family(1))]);
    expect(lines).toContainEqual(expect.objectContaining({ step: 'task definition' }));
  });

  it('removes none when no check is due, or when ECS cannot be read', async () => {
    const { all, described } = partsWith([old()]);
    await sweep({ ...all, definitions: { ...all.definitions, isDue: () => false } });
    const readClusterState = () => Promise.reject(named('ThrottlingException'));
    await expect(sweep({ ...all, readClusterState })).rejects.toThrow('1 steps');
    expect(described).toEqual([]);
  });
});

describe('task definitions in ECS', () => {
  let time = 0;
  const definitions = () => createJobDefinitions(new ECSClient({ region: 'eu-west-1' }), () => time);
  const { arn } = old();

  it('are checked once an hour', () => {
    const { isDue } = definitions();
    expect([isDue(), isDue()]).toEqual([true, false]);
    time += 60 * minute;
    expect([isDue(), isDue()]).toEqual([true, false]);
  });

  it('are listed by active family, over all pages', async () => {
    ecs
      .on(ListTaskDefinitionFamiliesCommand)
      .resolvesOnce({ families: ['a', 'b'], nextToken: 'more' })
      .resolves({ families: ['c'] });
    expect(await definitions().families()).toEqual(['a', 'b', 'c']);
    const inputs = ecs.commandCalls(ListTaskDefinitionFamiliesCommand).map((call) => call.args[0].input);
    const query = { familyPrefix: 'serverless-gitlab-runner-job-', status: 'ACTIVE', maxResults: 100 };
    expect(inputs).toEqual([
      { ...query, nextToken: undefined },
      { ...query, nextToken: 'more' },
    ]);
  });

  it('are listed up to twenty pages', async () => {
    ecs.on(ListTaskDefinitionFamiliesCommand).resolves({ families: ['a'], nextToken: 'more' });
    expect(await definitions().families()).toHaveLength(20);
  });

  it('are described by their family', async () => {
    const taskDefinition = { taskDefinitionArn: arn, status: 'ACTIVE', registeredAt: new Date(5) } as const;
    ecs.on(DescribeTaskDefinitionCommand).resolves({ taskDefinition });
    expect(await definitions().newest('a')).toEqual({ arn, registeredAt: 5 });
    expect(ecs.commandCalls(DescribeTaskDefinitionCommand)[0]?.args[0].input).toEqual({
      taskDefinition: 'a',
    });
  });

  it('may have been deregistered; any other failure is thrown', async () => {
    const taskDefinition = { taskDefinitionArn: arn, status: 'INACTIVE', registeredAt: new Date(5) } as const;
    const { newest } = definitions();
    ecs.on(DescribeTaskDefinitionCommand).resolves({ taskDefinition });
    expect(await newest('a')).toBeUndefined();
    const message = 'Unable to describe task definition.';
    ecs.on(DescribeTaskDefinitionCommand).rejects(new ClientException({ message, $metadata: {} }));
    expect(await newest('a')).toBeUndefined();
    ecs.on(DescribeTaskDefinitionCommand).rejects(named('ThrottlingException'));
    await expect(newest('a')).rejects.toThrow('said so');
  });

  it('are deregistered by ARN, which names the revision', async () => {
    ecs.on(DeregisterTaskDefinitionCommand).resolves({});
    await definitions().deregister(arn);
    const calls = ecs.commandCalls(DeregisterTaskDefinitionCommand).map((call) => call.args[0].input);
    expect(calls).toEqual([{ taskDefinition: arn }]);
  });
});
