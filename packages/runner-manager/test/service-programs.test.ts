import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DescribeTaskDefinitionCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExecutorFixture, makeExecutorFixture } from './support/executor-fixture.ts';

let fixture: ExecutorFixture;

beforeEach(async () => {
  fixture = await makeExecutorFixture((fleet) => ({
    ...fleet,
    job: { ...fleet.job, waitForServicesSeconds: 0 },
  }));
  fixture.ecs.on(DescribeTaskDefinitionCommand).resolves({});
  fixture.ecs
    .on(RegisterTaskDefinitionCommand)
    .resolves({ taskDefinition: { taskDefinitionArn: 'family:1' } });
});

afterEach(() => fixture.remove());

const log = () => fixture.log.join('\n');
const registered = () => fixture.ecs.commandCalls(RegisterTaskDefinitionCommand)[0]?.args[0].input;
const overrides = () =>
  fixture.ecs.commandCalls(RunTaskCommand)[0]?.args[0].input.overrides?.containerOverrides ?? [];
/** What the service agent of the first service starts; undefined if ECS starts the image directly. */
const started = () => {
  const { entryPoint = [] } = registered()?.containerDefinitions?.find(({ name }) => name === 'svc-0') ?? {};
  return entryPoint.includes('/.job-service/run-service') ? entryPoint.slice(4) : undefined;
};
const variables = [
  { key: 'OPEN', value: 'open', public: true },
  { key: 'DB_PASSWORD', value: 'planted-secret', public: false },
];

describe('what a service starts', () => {
  it.each([
    ['both of the image', {}, ['/own-entry-point', 'own-command'], 1],
    ["the image's entry point, the job's command", { command: ['c'] }, ['/own-entry-point', 'c'], 1],
    ["the job's entry point alone", { entrypoint: ['/e'] }, ['/e'], 0],
    ["the job's entry point and command", { entrypoint: ['/e'], command: ['c'] }, ['/e', 'c'], 0],
    ['no entry point, and a command', { entrypoint: [''], command: ['c'] }, ['c'], 0],
    [
      'empty lists, which say nothing',
      { entrypoint: [], command: [] },
      ['/own-entry-point', 'own-command'],
      1,
    ],
  ])('is what Docker would start: %s', async (_, service, program, asked) => {
    expect(await fixture.prepare({ services: [{ name: 'postgres:18', ...service }] })).toBe('success');
    expect(started()).toEqual(program);
    expect(fixture.asked).toHaveLength(asked);
  });

  it('is refused if there is nothing to start', async () => {
    expect(await fixture.prepare({ services: [{ name: 'a', entrypoint: [''] }] })).toBe('build-failure');
    fixture.context.imageConfigs = async () => ({ entryPoint: [], command: [] });
    expect(await fixture.prepare({ services: [{ name: 'a' }] })).toBe('build-failure');
    expect(log()).toContain("has neither an entry point nor a command: set the service's `command:`");
  });

  it('gets its variables over the connection, and AWS sees none', async () => {
    const own = [
      { key: 'PASSWORD', value: '$DB_PASSWORD' },
      { key: 'LINES', value: 'a\nb' },
    ];
    const job = { services: [{ name: 'a', variables: own }, { name: 'b' }], variables };
    expect(await fixture.prepare(job)).toBe('success');
    expect(overrides().map(({ name }) => name)).toEqual(['helper']);
    expect(JSON.stringify([registered(), overrides()])).not.toMatch(/planted-secret|OPEN|LINES/);
    const brought = (await readFile(join(fixture.folder, 'environments'), 'utf8')).split('\0');
    const first = brought.slice(1, Number(brought[0]) + 1);
    expect(first).toEqual(expect.arrayContaining(['OPEN=', 'LINES=a\nb']));
    const second = brought.slice(first.length + 2, -1);
    expect(brought[first.length + 1]).toBe(`${second.length}`);
    expect(second.join()).not.toContain('LINES');
    const sizes = [brought.slice(0, first.length + 1), brought.slice(first.length + 1, -1)].map((entries) =>
      Buffer.byteLength(entries.map((entry) => `${entry}\0`).join('')),
    );
    expect(await readFile(join(fixture.folder, 'calls'), 'utf8')).toContain(
      `service svc-0 ${sizes[0]} svc-1 ${sizes[1]}`,
    );
  });

  it('is a system failure if the helper does not accept the variables', async () => {
    await writeFile(join(fixture.folder, 'refuses'), '');
    expect(await fixture.prepare({ services: [{ name: 'a' }] })).toBe('system-failure');
    expect(log()).toContain(
      "The helper did not accept the services' variables: job-helper: environment too large",
    );
  });
});

describe('a service whose program is unknown', () => {
  const unlisted = {
    name: 'r.example.com/a:1',
    command: ['c'],
    variables: [{ key: 'P', value: '$DB_PASSWORD' }],
  };

  it.each([
    [
      'its registry is not listed',
      unlisted,
      'this fleet does not read image configurations from r.example.com',
    ],
    ['its registry fails', { ...unlisted, name: 'a:1' }, 'boom'],
  ])('is started by ECS, and gets the variables that AWS may show: %s', async (_, service, why) => {
    fixture.context.imageConfigs = async () => {
      throw new Error('boom');
    };
    const own = [...service.variables, { key: 'WRITTEN', value: 'down' }];
    expect(await fixture.prepare({ services: [{ ...service, variables: own }], variables })).toBe('success');
    expect(started()).toBeUndefined();
    expect(overrides()).toEqual([
      expect.objectContaining({ name: 'helper' }),
      { name: 'svc-0', environment: expect.arrayContaining([{ name: 'WRITTEN', value: 'down' }]) },
    ]);
    expect(log()).toContain(`The entry point and command of the service ${service.name} are unknown: ${why}`);
    expect(log()).toContain('set its `entrypoint:` and `command:`, or have its registry added');
  });

  it("is refused, with advice, if public variables alone exceed AWS's limit", async () => {
    const large = [{ key: 'WRITTEN', value: 'x'.repeat(9000) }];
    const job = { services: [{ ...unlisted, variables: large }] };
    expect(await fixture.prepare(job)).toBe('build-failure');
    expect(log()).toContain('ECS allows 8192 characters for a whole task');
    expect(log()).toContain('set its `entrypoint:` and `command:`');
  });
});
