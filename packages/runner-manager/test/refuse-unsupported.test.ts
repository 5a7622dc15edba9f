import { describe, expect, it } from 'vitest';
import { planJobTask } from '../src/job/plan/plan-job-task.ts';
import { INSTEAD, refuseKindOfImage } from '../src/job/request/refuse-unsupported.ts';
import { fleetOf } from './support/fleet.ts';
import { jobWith } from './support/job.ts';

interface Case {
  image?: string;
  service?: string | { name: string; alias: string };
  variables?: Record<string, string>;
}

function refusalOf({ image = 'alpine:3', service, variables = {} }: Case): readonly string[] {
  const services = service === undefined ? [] : [typeof service === 'string' ? { name: service } : service];
  const planned = planJobTask(jobWith(variables, { image: { name: image }, services }), fleetOf());
  return planned.kind === 'refused' ? planned.lines : [];
}

const BUILD = 'Build images with kaniko instead; docs/building-images.md';

describe('what Fargate cannot do is refused in one line, with an alternative', () => {
  it.each<[string, Case, string, string]>([
    ['Docker in Docker', { service: 'docker:dind' }, 'privileged', BUILD],
    ['… of a version', { service: 'docker:27.3-dind' }, 'privileged', BUILD],
    ['… rootless', { service: 'docker:27-dind-rootless' }, 'privileged', BUILD],
    ['… of a mirror', { service: 'registry.example.com/mirror/docker:27-dind' }, 'privileged', BUILD],
    ['… as the image', { image: 'docker:dind' }, 'privileged', BUILD],
    ['… by another name', { service: 'registry.example.com/ci/my-dind:1' }, 'privileged', BUILD],
    ['a BuildKit daemon', { service: 'moby/buildkit:v0.17.0' }, 'privileged', BUILD],
    ['… whose tag begins so', { service: 'docker:dind-rootless' }, 'privileged', BUILD],
    ['… by that name alone', { service: 'registry.example.com/ci/dind:1' }, 'privileged', BUILD],
    ["Earthly's daemon", { service: 'earthly/buildkitd:v0.8' }, 'privileged', BUILD],
    [
      'minikube',
      { image: 'gcr.io/k8s-minikube/kicbase:v0.0.44' },
      'privileged',
      'cluster that runs elsewhere',
    ],
    ['Earthly', { image: 'earthly/earthly:v0.8' }, 'privileged', BUILD],
    [
      'Kubernetes in a container',
      { service: 'rancher/k3s:v1.30' },
      'privileged',
      'cluster that runs elsewhere',
    ],
    ['kind', { image: 'kindest/node:v1.30' }, 'privileged', 'cluster that runs elsewhere'],
    [
      "the host's Docker socket",
      { image: 'docker:27', variables: { DOCKER_HOST: 'unix:///var/run/docker.sock' } },
      'cannot mount files of its host',
      BUILD,
    ],
    [
      'the pipe of a Docker daemon on Windows',
      { image: 'docker:27', variables: { DOCKER_HOST: 'npipe:////./pipe/docker_engine' } },
      'DOCKER_HOST is "npipe:////./pipe/docker_engine", but a job on Fargate has no Docker daemon',
      BUILD,
    ],
    ...['dind', '127.0.0.1'].map((name): [string, Case, string, string] => [
      `a Docker daemon at ${name}`,
      { image: 'docker:27', variables: { DOCKER_HOST: `tcp://${name}:2375` } },
      'no service of this job',
      BUILD,
    ]),
    [
      'a Docker daemon that is no service',
      { image: 'docker:27', variables: { DOCKER_HOST: 'tcp://docker:2375' } },
      'no service of this job',
      BUILD,
    ],
    [
      '… at localhost',
      { image: 'docker:cli', variables: { DOCKER_HOST: 'tcp://localhost:2376' } },
      'no service of this job',
      BUILD,
    ],
    ['Windows', { image: 'mcr.microsoft.com/windows/servercore:ltsc2022' }, 'for Windows', 'Linux image'],
    ...[
      'mcr.microsoft.com/windows/iis:1',
      'mcr.microsoft.com/windows-cssc/python:3',
      'registry.example.com/hub/nanoserver:ltsc2022',
      'registry.example.com/hub/servercore:ltsc2022',
    ].map((image): [string, Case, string, string] => [
      '… by its path',
      { image },
      'for Windows',
      'Linux image',
    ]),
    ['… by its tag', { image: 'golang:1.22-windowsservercore-ltsc2022' }, 'for Windows', 'Linux image'],
    [
      '… .NET Framework',
      { image: 'mcr.microsoft.com/dotnet/framework/sdk:4.8' },
      'for Windows',
      'Linux image',
    ],
    [
      '… as a service',
      { service: 'mcr.microsoft.com/dotnet/aspnet:8.0-nanoserver-ltsc2022' },
      'for Windows',
      'Linux image',
    ],
    [
      'an interactive web terminal',
      { variables: { CI_PIPELINE_SOURCE: 'webide' } },
      'interactive web terminal',
      'Docker or Kubernetes executor',
    ],
  ])('%s: %j', (_, asked, why, instead) => {
    const lines = refusalOf(asked);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(why);
    expect(lines[0]).toContain(instead);
  });
});

describe('what only looks similar is not refused', () => {
  it.each<[string, Case]>([
    ["Docker's client alone", { image: 'docker:27-cli' }],
    [
      'a remote Docker daemon',
      { image: 'docker:27', variables: { DOCKER_HOST: 'tcp://builder.example.com:2376' } },
    ],
    [
      'a proxy to one as a service',
      {
        image: 'docker:27',
        service: { name: 'alpine/socat', alias: 'docker' },
        variables: { DOCKER_HOST: 'tcp://docker:2375' },
      },
    ],
    [
      "a pipeline's DOCKER_HOST in a job of another image",
      { image: 'node:24', variables: { DOCKER_HOST: 'tcp://docker:2375' } },
    ],
    ['a DOCKER_HOST without a scheme', { image: 'docker:27', variables: { DOCKER_HOST: 'docker:2375' } }],
    ['a DOCKER_HOST that is no URL', { image: 'docker:27', variables: { DOCKER_HOST: 'a+tcp://docker' } }],
    ['another program whose tag ends so', { image: 'registry.example.com/acme/tool:1-dind' }],
    ['an image of one’s own named kicbase', { image: 'kicbase:1' }],
    ['an image of one’s own named nanoserver', { image: 'nanoserver:1' }],
    ['an image of one’s own named servercore', { image: 'servercore:1' }],
    ['kaniko', { image: 'gcr.io/kaniko-project/executor:debug' }],
    ['buildah', { image: 'quay.io/buildah/stable:latest' }],
    ['a project about Windows', { image: 'registry.example.com/cross/windows-builder:1' }],
  ])('%s: %j', (_, asked) => {
    expect(refusalOf(asked)).toEqual([]);
  });
});

describe("a job in the Docker client's image", () => {
  const notesOf = (name: string, variables = {}) => {
    const planned = planJobTask(jobWith(variables, { image: { name } }), fleetOf());
    return planned.kind === 'planned' ? planned.plan.notes : planned.lines;
  };

  it.each(['docker:27-cli', 'docker', 'registry.example.com/hub/docker:27'])(
    '%s is told that there is no daemon, since elsewhere its socket may be mounted',
    (name) => {
      expect(notesOf(name)).toEqual([expect.stringContaining('Fargate has no Docker daemon')]);
    },
  );

  it('gets no note if it names a daemon, and other images get none', () => {
    expect(notesOf('docker:27-cli', { DOCKER_HOST: 'tcp://builder.example.com:2376' })).toEqual([]);
    expect(notesOf('alpine:3')).toEqual([]);
  });
});

describe('a service that cannot run', () => {
  it('is distinguished from an image', () => {
    expect(refuseKindOfImage('image', 'docker:dind')).toBe(
      `The image "docker:dind" needs a privileged container, which Fargate does not support. ${INSTEAD.builds}`,
    );
  });

  it('may be declared for a whole pipeline: the message says how to omit it', () => {
    expect(refusalOf({ service: 'docker:dind' }).join()).toContain('can omit it with `services: []`');
    expect(refusalOf({ image: 'docker:dind' }).join()).not.toContain('services: []');
  });
});
