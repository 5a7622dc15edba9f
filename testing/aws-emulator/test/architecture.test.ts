import type { Architecture } from '@serverless-gitlab-runner/fleet';
import { HOST_ARCHITECTURE } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  architectureOf,
  type DockerArchitecture,
  type EmptyImageRegistry,
  localImage,
  pullFor,
  removeImages,
  startEmptyImageRegistry,
} from './support/architecture-images.ts';
import { containerOf, EmulatorFixture } from './support/emulator-fixture.ts';

const isArm = HOST_ARCHITECTURE === 'ARM64';
const OTHER: Architecture = isArm ? 'X86_64' : 'ARM64';
const [host, other]: [DockerArchitecture, DockerArchitecture] = isArm
  ? ['arm64', 'amd64']
  : ['amd64', 'arm64'];

/** Image names in an unreachable registry, so that only local images are found. */
const local = (name: string) => `127.0.0.1:1/architecture-${process.pid}/${name}:1`;
const HOST_ONLY = local('host-only');
const OTHER_ONLY = local('other-only');
const BOTH = local('both');

let fixture: EmulatorFixture;
let registry: EmptyImageRegistry;
/** Image name of a tag in the registry. */
const remote = (tag: string) => `${registry.address}/team/app:${tag}`;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('architecture');
  registry = await startEmptyImageRegistry({ list: [host, other], 'host-list': [host], 'host-only': host });
  await localImage(HOST_ONLY, host);
  await localImage(OTHER_ONLY, other);
  await localImage(BOTH, host);
  await localImage(`${BOTH}-${other}`, other);
}, 180_000);

afterAll(async () => {
  const tags = ['list', `list-${other}`, 'host-list', 'host-only'].map(remote);
  await removeImages([HOST_ONLY, OTHER_ONLY, BOTH, `${BOTH}-${other}`, ...tags]);
  registry?.close();
  await fixture?.stop();
}, 60_000);

/** Runs a task with an image on an architecture. */
async function run(image: string, cpuArchitecture: Architecture) {
  const more = { runtimePlatform: { cpuArchitecture } };
  return await fixture.runToEnd([{ name: 'main', image, entryPoint: ['/program'] }], more);
}

const wrongPlatform = (architecture: string) =>
  `CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/${architecture}'`;

describe('runtimePlatform', () => {
  it.each([
    ['a local image', () => HOST_ONLY, OTHER, other],
    ['a local image of the other architecture', () => OTHER_ONLY, HOST_ARCHITECTURE, host],
    ['a manifest list', () => remote('host-list'), OTHER, other],
    ['a single manifest', () => remote('host-only'), OTHER, other],
  ] as const)(
    "refuses %s without the architecture, with Fargate's message",
    async (_, image, architecture, docker) => {
      const task = await run(image(), architecture);
      expect(task).toMatchObject({ stopCode: 'TaskFailedToStart', stoppedReason: wrongPlatform(docker) });
      expect(containerOf(task, 'main')?.reason).toBe(wrongPlatform(docker));
    },
  );

  it('defaults to X86_64', async () => {
    const image = isArm ? HOST_ONLY : OTHER_ONLY;
    const task = await fixture.runToEnd([{ name: 'main', image }], { runtimePlatform: {} });
    expect(task.stoppedReason).toBe(wrongPlatform('amd64'));
    expect(task.attributes).toEqual([{ name: 'ecs.cpu-architecture', value: 'x86_64' }]);
  });

  it("finds the other architecture under the suffixed name; an invalid program fails with the kernel's message", async () => {
    const task = await run(BOTH, OTHER);
    expect(containerOf(task, 'main')?.reason).toMatch(/^CannotStartContainerError: .*exec format error/);
  });

  it('pulls its entry of a manifest list, and keeps the name for the local image of the other architecture', async () => {
    await pullFor(remote('list'), host);
    const task = await run(remote('list'), OTHER);
    expect(containerOf(task, 'main')?.reason).toMatch(/^Cannot(Start|Create)ContainerError: .*\/program/);
    expect(await architectureOf(remote('list'))).toBe(host);
    expect(await architectureOf(`${remote('list')}-${other}`)).toBe(other);
  });
});
