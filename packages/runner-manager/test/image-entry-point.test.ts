import {
  DescribeTaskDefinitionCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { type FleetConfigInput, imageSource } from '@serverless-gitlab-runner/fleet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mayContact } from '../src/job/plan/plan-image-entry-point.ts';
import { planJobTask } from '../src/job/plan/plan-job-task.ts';
import { ImageUnavailableError } from '../src/registry/read-image-config.ts';
import { RegistryError } from '../src/registry/registry-request.ts';
import { type ExecutorFixture, makeExecutorFixture } from './support/executor-fixture.ts';
import { fleetOf } from './support/fleet.ts';
import { type JobSample, jobOf, jobWith } from './support/job.ts';

const FLAG = 'FF_KUBERNETES_HONOR_ENTRYPOINT';
const OWN = { type: 'registry', url: 'registry.test:5050', username: 'gitlab-ci-token', password: 'secret' };

interface Asking {
  flag?: string;
  job?: JobSample;
  fleet?: FleetConfigInput['job'];
}

function plan({ flag, job = { image: { name: 'alpine:3' } }, fleet = {} }: Asking) {
  return planJobTask(jobWith(flag === undefined ? {} : { [FLAG]: flag }, job), fleetOf({ job: fleet }));
}

function sourceOf(asking: Asking) {
  const planned = plan(asking);
  if (planned.kind === 'refused') throw new Error(planned.lines.join(' '));
  return planned.plan.imageEntryPoint?.source;
}

describe('the registries that a manager may contact', () => {
  const may = (image: string, credential: object) =>
    mayContact(imageSource(image), jobOf({ credentials: [{ ...OWN, ...credential }] }), fleetOf().job);

  it.each([
    ['registry.test:5050/a', {}, true],
    ['registry.test:5050/a', { type: 'cache' }, false],
    ['b.example.com/x', { url: 'https://a.example.com/b.example.com/x' }, false],
  ])('hold that of %s where GitLab sends %j: %s', (image, credential, expected) => {
    expect(may(image, credential)).toBe(expected);
  });
});

describe("an image's own entry point", () => {
  it.each<[string, Asking]>([
    ['nobody asks for it', {}],
    ['the flag is false', { flag: 'false' }],
    ['the flag is empty', { flag: '' }],
    ['the job takes it back from its fleet', { flag: '0', fleet: { honorImageEntryPoint: true } }],
    ['the job names one', { flag: 'true', job: { image: { name: 'alpine:3', entrypoint: ['/x'] } } }],
    ['the job wants none', { flag: 'true', job: { image: { name: 'alpine:3', entrypoint: [''] } } }],
  ])('is not read if %s', (_, asking) => {
    expect(sourceOf(asking)).toBeUndefined();
  });

  it.each<[string, Asking]>([
    ['the flag says so', { flag: 'true' }],
    ['the flag is 1', { flag: '1' }],
    ['the fleet says so', { fleet: { honorImageEntryPoint: true } }],
    // executors/docker/docker.go of 17.9 and 19.3, overwriteEntrypoint: an empty list is as good as none.
    ['the job gives an empty list', { flag: 'true', job: { image: { name: 'alpine:3', entrypoint: [] } } }],
  ])('is read if %s', (_, asking) => {
    expect(sourceOf(asking)).toMatchObject({ registry: 'docker.io', repository: 'library/alpine' });
  });

  it.each<[string, Asking, string]>([
    ['the default image', { job: {} }, 'docker.io'],
    [
      "GitLab's own registry",
      { job: { image: { name: 'registry.test:5050/a/b' }, credentials: [OWN] } },
      'registry.test:5050',
    ],
    [
      'a registry of the fleet',
      { job: { image: { name: 'r.test/a' } }, fleet: { imageConfigRegistries: ['r.test'] } },
      'r.test',
    ],
    [
      'a mirror, which is pulled from',
      { fleet: { registryMirrors: { 'docker.io': 'r.test/hub' }, imageConfigRegistries: ['r.test'] } },
      'r.test',
    ],
  ])('is read from %s', (_, asking, registry) => {
    expect(sourceOf({ flag: 'true', ...asking })?.registry).toBe(registry);
  });

  it.each([
    ['169.254.169.254/a:1'],
    ['localhost:8080/a'],
    ['docker.io.evil.test/a/b'],
    ['registry.test:5050/a/b'],
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1'],
  ])('is refused, with advice, for %s, whose registry is not listed', (name) => {
    const planned = plan({ flag: 'true', job: { image: { name } } });
    expect(planned).toEqual({
      kind: 'refused',
      lines: [
        expect.stringMatching(
          /does not read image configurations from \S+ \(job\.imageConfigRegistries\)\. Set `image: entrypoint:`/,
        ),
      ],
    });
  });
});

describe("a job that runs its image's entry point", () => {
  let fixture: ExecutorFixture;
  const job = { image: { name: 'alpine:3' } };

  beforeEach(async () => {
    fixture = await makeExecutorFixture((fleet) => ({
      ...fleet,
      job: { ...fleet.job, honorImageEntryPoint: true },
    }));
    fixture.ecs.on(DescribeTaskDefinitionCommand).resolves({});
    fixture.ecs
      .on(RegisterTaskDefinitionCommand)
      .resolves({ taskDefinition: { taskDefinitionArn: 'family:1' } });
  });

  afterEach(() => fixture.remove());

  const build = () =>
    fixture.ecs
      .commandCalls(RegisterTaskDefinitionCommand)[0]
      ?.args[0].input.containerDefinitions?.find(({ name }) => name === 'build');

  it('starts its agent through it, and logs that', async () => {
    expect(await fixture.prepare(job)).toBe('success');
    expect(build()).toMatchObject({
      entryPoint: ['/own-entry-point'],
      command: ['/.job-agent/bash', '-p', '/.job-agent/agent'],
    });
    expect(fixture.log.join('\n')).toMatch(
      /Image entry point: \["\/own-entry-point"\] \(read from docker\.io in /,
    );
  });

  it('starts its agent directly if the image has none', async () => {
    fixture.context.imageConfigs = async () => ({ entryPoint: [], command: [] });
    expect(await fixture.prepare(job)).toBe('success');
    expect(build()).toMatchObject({ entryPoint: ['/.job-agent/bash', '-p', '/.job-agent/agent'] });
    expect(fixture.log.join('\n')).toContain('Image entry point: none');
  });

  it.each<[string, Error, string, RegExp]>([
    [
      'is not there',
      new ImageUnavailableError('missing', 'It answered 404'),
      'build-failure',
      /The image does not exist/,
    ],
    [
      'is not for it',
      new ImageUnavailableError('not-allowed', 'It answered 401'),
      'build-failure',
      /DOCKER_AUTH_CONFIG/,
    ],
    [
      'is for other machines',
      new ImageUnavailableError('wrong-architecture', 'No.'),
      'build-failure',
      /FARGATE_ARCHITECTURE/,
    ],
    [
      'cannot be asked for',
      new RegistryError('docker.io answered 500'),
      'system-failure',
      /answered 500\. Set `image: entrypoint:`/,
    ],
  ])('whose image %s ends before its task starts', async (_, error, result, words) => {
    fixture.context.imageConfigs = () => Promise.reject(error);
    expect(await fixture.prepare(job)).toBe(result);
    expect(fixture.log.join('\n')).toMatch(words);
    expect(fixture.ecs.commandCalls(RunTaskCommand)).toEqual([]);
  });
});
