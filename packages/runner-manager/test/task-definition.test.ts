import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobTaskDefinition } from '../src/task/task-definition.ts';
import type { JobTaskShape } from '../src/task/task-shape.ts';
import { shape } from './support/task-shape.ts';

const settings = {
  fleet: 'default',
  helperImages: { X86_64: 'helper:1', ARM64: 'helper:1-arm64' },
  executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
  logGroup: undefined,
  shipsServiceOutput: false,
  region: 'eu-west-1',
};

const of = (more: Partial<JobTaskShape> = {}) => jobTaskDefinition({ ...shape, ...more }, settings);
const container = (definition: ReturnType<typeof of>, name: string) =>
  definition.containerDefinitions?.find((each) => each.name === name);

describe('the task definition of a shape', () => {
  it('starts the agent in the build container, from the volume that the helper fills', () => {
    expect(container(of(), 'build')).toMatchObject({
      image: 'alpine:3',
      essential: true,
      entryPoint: ['/.job-agent/bash', '-p', '/.job-agent/agent'],
      dependsOn: [{ containerName: 'helper', condition: 'START' }],
      mountPoints: [
        { sourceVolume: 'agent', containerPath: '/.job-agent' },
        { sourceVolume: 'builds', containerPath: '/builds' },
      ],
    });
    expect(container(of(), 'helper')?.entryPoint).toBeUndefined();
  });

  it.each([
    ['X86_64', 'helper:1'],
    ['ARM64', 'helper:1-arm64'],
  ] as const)("runs on %s beside that architecture's helper", (architecture, image) => {
    const definition = of({ architecture });
    expect(definition.runtimePlatform?.cpuArchitecture).toBe(architecture);
    expect(container(definition, 'helper')?.image).toBe(image);
    expect(container(definition, 'build')?.image).toBe('alpine:3');
  });

  it('mounts the project in services after the helper has filled the volume, but not the agent', () => {
    const services = [{ container: 'svc-0', image: 'postgres:18', user: '70' }];
    expect(container(of({ services }), 'svc-0')).toMatchObject({
      user: '70',
      essential: false,
      dependsOn: [{ containerName: 'helper', condition: 'START' }],
      mountPoints: [{ sourceVolume: 'builds', containerPath: '/builds' }],
    });
  });

  it("starts a service's known program by the service agent, in volumes that only it and the helper mount", () => {
    const services = [
      { container: 'svc-0', image: 'postgres:18', program: ['docker-entrypoint.sh', 'postgres'] },
      { container: 'svc-1', image: 'redis' },
    ];
    const definition = of({ services });
    expect(container(definition, 'svc-0')).toMatchObject({
      entryPoint: [
        ...['/.job-service/bash', '-p', '/.job-service/run-service', 'kept'],
        ...['docker-entrypoint.sh', 'postgres'],
      ],
      command: [],
    });
    const mounts = (definition.containerDefinitions ?? []).map(({ name, mountPoints = [] }) => [
      name,
      mountPoints.map((each) => `${each.sourceVolume} ${each.containerPath}${each.readOnly ? ' ro' : ''}`),
    ]);
    expect(Object.fromEntries(mounts)).toEqual({
      helper: [
        ...[
          'agent /.job-agent',
          'builds /builds',
          'service-agent /.job-service',
          'svc-0 /.job-channels/svc-0',
        ],
      ],
      build: ['agent /.job-agent', 'builds /builds'],
      'svc-0': ['service-agent /.job-service ro', 'svc-0 /.job-channel ro', 'builds /builds'],
      'svc-1': ['builds /builds'],
    });
    expect(definition.volumes?.map(({ name }) => name)).toEqual([
      'agent',
      'builds',
      'service-agent',
      'svc-0',
    ]);
  });

  it("ships services' output only if the fleet requests it, and their agent then does not redirect it", () => {
    const services = [{ container: 'svc-0', image: 'postgres:18', program: ['postgres'] }];
    const logged = { ...settings, logGroup: '/jobs' };
    const kept = container(jobTaskDefinition({ ...shape, services }, logged), 'svc-0');
    expect(kept).not.toHaveProperty('logConfiguration');
    const shipped = container(
      jobTaskDefinition({ ...shape, services }, { ...logged, shipsServiceOutput: true }),
      'svc-0',
    );
    expect(shipped?.logConfiguration?.options?.['awslogs-group']).toBe('/jobs');
    expect(shipped?.entryPoint?.slice(-2)).toEqual(['shipped', 'postgres']);
  });

  it('leaves unset what the job does not override', () => {
    expect(container(of(), 'build')).not.toHaveProperty('user');
    expect(container(of(), 'build')).not.toHaveProperty('workingDirectory');
    expect(container(of({ user: '1000' }), 'build')?.user).toBe('1000');
  });

  it('sets storage only beyond what Fargate includes', () => {
    expect(of().ephemeralStorage).toBeUndefined();
    expect(of({ ephemeralStorageGib: 21 }).ephemeralStorage).toEqual({ sizeInGiB: 21 });
  });

  it('gives the task no role unless the fleet names one', () => {
    expect(of()).not.toHaveProperty('taskRoleArn');
    expect(of({ taskRoleArn: 'arn:aws:iam::1:role/x' }).taskRoleArn).toBe('arn:aws:iam::1:role/x');
  });

  it("sends the helper's output to CloudWatch if there is a log group, but nothing that a job writes", () => {
    expect(container(of(), 'helper')).not.toHaveProperty('logConfiguration');
    const withService = { ...shape, services: [{ container: 'svc-0', image: 'redis' }] };
    const logged = jobTaskDefinition(withService, { ...settings, logGroup: '/jobs' });
    expect(container(logged, 'helper')?.logConfiguration?.options).toEqual({
      'awslogs-group': '/jobs',
      'awslogs-region': 'eu-west-1',
      'awslogs-stream-prefix': 'job',
    });
    expect(container(logged, 'build')).not.toHaveProperty('logConfiguration');
    expect(container(logged, 'svc-0')).not.toHaveProperty('logConfiguration');
  });

  it("sends services' output if requested, but still none of the job", () => {
    const withService = { ...shape, services: [{ container: 'svc-0', image: 'redis' }] };
    const logged = jobTaskDefinition(withService, {
      ...settings,
      logGroup: '/jobs',
      shipsServiceOutput: true,
    });
    expect(container(logged, 'svc-0')).toHaveProperty('logConfiguration');
    expect(container(logged, 'build')).not.toHaveProperty('logConfiguration');
  });

  it('lets a service end before its job', () => {
    const service = { container: 'svc-0', image: 'redis', command: ['--save', ''] };
    expect(container(of({ services: [service] }), 'svc-0')).toMatchObject({
      image: 'redis',
      command: ['--save', ''],
      essential: false,
    });
  });

  it.each([
    { capacity: ['FARGATE'] as const, build: 2, most: 6 },
    { capacity: ['FARGATE_SPOT'] as const, build: 100, most: 120 },
    { capacity: ['FARGATE', 'FARGATE_SPOT'] as const, build: 100, most: 120 },
  ])('on $capacity gives the job $build s to end, all containers together $most at most', (each) => {
    const withServices = { ...shape, services: [{ container: 'svc-0', image: 'redis' }] };
    const definition = jobTaskDefinition(withServices, settings, new Map(), each.capacity);
    const timeouts = definition.containerDefinitions?.map(({ stopTimeout = 30 }) => stopTimeout) ?? [];
    expect(container(definition, 'build')?.stopTimeout).toBe(each.build);
    expect(timeouts.reduce((sum, seconds) => sum + seconds, 0)).toBeLessThanOrEqual(each.most);
  });

  it('has ECS stop the job first, its services next and the helper last', () => {
    const services = [
      { container: 'svc-0', image: 'redis' },
      { container: 'svc-1', image: 'postgres' },
    ];
    const names = (name: string) =>
      container(of({ services }), name)?.dependsOn?.map((each) => each.containerName);
    expect(names('build')).toEqual(['helper', 'svc-0', 'svc-1']);
    expect(names('svc-0')).toEqual(['helper']);
    expect(names('helper')).toBeUndefined();
  });
});

describe('the family of a shape', () => {
  const shapes = fc.record({
    image: fc.constantFrom('alpine:3', 'debian:12'),
    user: fc.constantFrom(undefined, '1000'),
    services: fc.constantFrom([], [{ container: 'svc-0', image: 'redis' }]),
    size: fc.constantFrom({ cpu: 256, memory: 512 }, { cpu: 1024, memory: 2048 }),
    architecture: fc.constantFrom('X86_64' as const, 'ARM64' as const),
    ephemeralStorageGib: fc.constantFrom(20, 50),
    taskRoleArn: fc.constantFrom(undefined, 'arn:aws:iam::1:role/x'),
  });

  it('is the same for equal shapes, and another for any other', () => {
    fc.assert(
      fc.property(shapes, shapes, (one, other) => {
        const isSame =
          JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
        expect(of(one).family === of(other).family).toBe(isSame);
      }),
    );
  });

  it('is another for another helper image', () => {
    const helperImages = { ...settings.helperImages, X86_64: 'helper:2' };
    expect(jobTaskDefinition(shape, { ...settings, helperImages }).family).not.toBe(of().family);
  });

  it('is a valid name in ECS', () => {
    expect(of().family).toMatch(/^serverless-gitlab-runner-job-default_[0-9a-f]{32}$/);
  });
});
