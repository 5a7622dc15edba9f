import { describe, expect, it } from 'vitest';
import {
  checkIntervalSecondsOf,
  fleetConfigSchema,
  InvalidFleetConfigError,
  parseFleetConfig,
  safetyLaunchSecondsOf,
} from '../src/index.ts';

const network = { subnets: ['subnet-1'], managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] };
const least = { version: 1, name: 'default', network };
const parameter = '/p/fleets/default/config';

describe('a fleet’s document', () => {
  it('requires a name and a network; everything else has a default', () => {
    expect(parseFleetConfig(parameter, JSON.stringify(least))).toEqual({
      version: 1,
      name: 'default',
      gitlabUrl: 'https://gitlab.com',
      manager: {
        max: 1,
        concurrentJobs: 20,
        capacity: ['FARGATE'],
        idleSeconds: 300,
        maxLifetimeSeconds: 86_400,
        drainGraceSeconds: 900,
        drainPollSeconds: 10,
      },
      job: {
        defaultImage: 'debian:bookworm-slim',
        size: { cpu: 1024, memory: 2048 },
        maxSize: { cpu: 4096, memory: 30_720 },
        architecture: 'X86_64',
        architectures: ['X86_64', 'ARM64'],
        capacity: ['FARGATE'],
        ephemeralStorageGib: 20,
        honorImageEntryPoint: false,
        imageConfigRegistries: ['docker.io', 'ghcr.io', 'quay.io', 'public.ecr.aws', 'registry.gitlab.com'],
        maxEphemeralStorageGib: 100,
        maxLifetimeSeconds: 14_400,
        deadManSeconds: 300,
        startTimeoutSeconds: 600,
        waitForServicesSeconds: 30,
        shipServiceOutput: false,
        registryCredentials: {},
        registryMirrors: {},
      },
      ahead: { start: 'off', maxVcpu: 16, tagsAreFixed: false, withTaskRole: false },
      network: { ...network, assignPublicIp: false },
      webhook: { accepts: 'either', allowRunnerToken: false },
    });
  });

  it.each([
    [{}, 3],
    [{ ahead: { start: 'next' } }, 1],
    [{ ahead: { start: 'next' }, manager: { checkIntervalSeconds: 5 } }, 5],
  ])('has a check interval whose default depends on tasks started ahead: %j', (over, expected) => {
    expect(checkIntervalSecondsOf(fleetConfigSchema.parse({ ...least, ...over }))).toBe(expected);
  });

  it('describes its runner, with GitLab’s defaults, and has an API token only if configured', () => {
    const document = JSON.stringify({
      ...least,
      runner: { tagList: [' arm '] },
      gitlabApi: { projects: [7, 'acme/tools/shop'] },
    });
    expect(parseFleetConfig(parameter, document)).toMatchObject({
      runner: { tagList: ['arm'], runUntagged: true, accessLevel: 'not_protected' },
      gitlabApi: { projects: [7, 'acme/tools/shop'] },
    });
  });

  it('does not change when it is parsed a second time', () => {
    const once = fleetConfigSchema.parse(least);
    expect(fleetConfigSchema.parse(once)).toEqual(once);
  });

  it.each([
    ['name', { name: 'Default' }],
    ['name', { name: '' }],
    ['version', { version: 2 }],
    ['gitlabUrl', { gitlabUrl: 'gitlab.com' }],
    ['gitlabUrl', { gitlabUrl: 'ftp://gitlab.com' }],
    ['network', { network: undefined }],
    ['network.subnets', { network: { ...network, subnets: [] } }],
    ['network.subnets[0]', { network: { ...network, subnets: ['net-1'] } }],
    ['network.jobSecurityGroups', { network: { ...network, jobSecurityGroups: [] } }],
    ['runner.tagList', { runner: { runUntagged: false } }],
    ['runner.tagList[0]', { runner: { tagList: [' '] } }],
    ['runner.accessLevel', { runner: { accessLevel: 'protected' } }],
    ['gitlabApi.projects[0]', { gitlabApi: { projects: ['group'] } }],
    ['gitlabApi.projects[0]', { gitlabApi: { projects: [0] } }],
    ['manager.max', { manager: { max: 0 } }],
    ['manager.concurrentJobs', { manager: { concurrentJobs: 1.5 } }],
    ['manager.capacity', { manager: { capacity: [] } }],
    ['manager.capacity[0]', { manager: { capacity: ['EC2'] } }],
    ['manager.idleSeconds', { manager: { idleSeconds: 1 } }],
    ['manager.drainGraceSeconds', { manager: { drainGraceSeconds: 0 } }],
    ['job.size', { job: { size: { cpu: 1024, memory: 1024 } } }],
    ['job.maxSize', { job: { maxSize: { cpu: 3000, memory: 4096 } } }],
    ['job.architectures', { job: { architectures: [] } }],
    ['job.ephemeralStorageGib', { job: { ephemeralStorageGib: 10 } }],
    ['job.taskRoleArn', { job: { taskRoleArn: 'role' } }],
    ['job.waitForServicesSeconds', { job: { waitForServicesSeconds: 601 } }],
    ['job.registryCredentials.x', { job: { registryCredentials: { x: 'secret' } } }],
    ...['https://m.example.com', 'm.example.com/', 'm.example.com/A', 'hub', 'm.example.com/a:1', ''].map(
      (mirror): [string, object] => ['job.registryMirrors.x', { job: { registryMirrors: { x: mirror } } }],
    ),
    ['cache.bucket', { cache: { bucket: 'Caches', roleArn: 'arn:aws:iam::1:role/cache' } }],
    ['cache.roleArn', { cache: { bucket: 'caches' } }],
    // The prefix becomes part of a policy, in which `*` matches anything.
    ...['*', '../x', '/x', 'x/', 'x//y', ''].map((prefix): [string, object] => [
      'cache.prefix',
      { cache: { bucket: 'caches', roleArn: 'arn:aws:iam::1:role/cache', prefix } },
    ]),
    ['webhook.accepts', { webhook: { accepts: 'none' } }],
    ['safetyLaunchSeconds', { safetyLaunchSeconds: 3001 }],
  ])('is refused for %s, which the message names with the parameter: %o', (field, over) => {
    const document = JSON.stringify({ ...least, ...over });
    expect(() => parseFleetConfig(parameter, document)).toThrow(InvalidFleetConfigError);
    expect(() => parseFleetConfig(parameter, document)).toThrow(field);
    expect(() => parseFleetConfig(parameter, document)).toThrow(parameter);
  });

  it.each(['', '{', 'null', '[]'])('is refused when it is no document: "%s"', (document) => {
    expect(() => parseFleetConfig(parameter, document)).toThrow(InvalidFleetConfigError);
  });

  it.each([
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub',
    'mirror.example.com:5000',
    'localhost:5000/a/b-c__d',
    'mirror:5000/hub',
  ])('may name the mirror %s', (mirror) => {
    const job = { registryMirrors: { 'docker.io': mirror } };
    expect(parseFleetConfig(parameter, JSON.stringify({ ...least, job })).job).toMatchObject(job);
  });

  it('is refused in another fleet’s parameter', () => {
    expect(() => parseFleetConfig('/p/fleets/other/config', JSON.stringify(least))).toThrow(
      'its name is "default"',
    );
  });

  it('names the next larger Fargate size', () => {
    const document = JSON.stringify({ ...least, job: { size: { cpu: 1024, memory: 9000 } } });
    expect(() => parseFleetConfig(parameter, document)).toThrow(
      'the next larger size is cpu 2048, memory 9216',
    );
  });
});

describe('a safety launch', () => {
  const secondsOf = (over: object) => safetyLaunchSecondsOf(fleetConfigSchema.parse({ ...least, ...over }));
  it.each([
    ['is off unless asked for', {}, 0],
    [
      'is on by default where GitLab is asked first, which is free',
      { gitlabApi: { projects: ['group/project'] } },
      1800,
    ],
    ['is off by default without projects, since GitLab cannot be asked', { gitlabApi: {} }, 0],
    ['is what the document says', { safetyLaunchSeconds: 600 }, 600],
    ['is off where the document says so', { safetyLaunchSeconds: 0, gitlabApi: { projects: [7] } }, 0],
  ])('%s', (_title, over, seconds) => {
    expect(secondsOf(over)).toBe(seconds);
  });
});
