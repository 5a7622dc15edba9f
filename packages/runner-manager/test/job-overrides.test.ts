import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseJobOverrides } from '../src/job/request/job-overrides.ts';
import { jobOf, jobWith } from './support/job.ts';

describe("a job's settings", () => {
  it('are all undefined by default', () => {
    expect(parseJobOverrides(jobOf())).toEqual({
      dockerAuth: { logins: [], notes: [] },
      isWebTerminal: false,
      usesTestcontainers: false,
    });
  });

  it('are parsed, with the original text', () => {
    const overrides = parseJobOverrides(
      jobWith({
        FARGATE_CPU: '2 vCPU',
        FARGATE_MEMORY: 'much',
        KUBERNETES_CPU_REQUEST: '500m',
        KUBERNETES_MEMORY_LIMIT: '4Gi',
        KUBERNETES_MEMORY_REQUEST: '2Gi',
        FARGATE_EPHEMERAL_STORAGE: '50GB',
        FARGATE_ARCHITECTURE: 'linux/arm64',
        FARGATE_CAPACITY: 'spot,on-demand,spot',
        FF_KUBERNETES_HONOR_ENTRYPOINT: 'TRUE',
        DOCKER_HOST: 'tcp://docker:2375',
        HEALTHCHECK_TCP_PORT: '0',
        CI_PIPELINE_SOURCE: 'webide',
        TESTCONTAINERS_RYUK_DISABLED: 'true',
      }),
    );
    expect(overrides).toEqual({
      cpu: { name: 'FARGATE_CPU', text: '2 vCPU', value: 2048 },
      memory: { name: 'FARGATE_MEMORY', text: 'much', value: undefined },
      kubernetesCpu: { name: 'KUBERNETES_CPU_REQUEST', text: '500m', value: 512 },
      kubernetesMemory: { name: 'KUBERNETES_MEMORY_LIMIT', text: '4Gi', value: 4096 },
      storage: { name: 'FARGATE_EPHEMERAL_STORAGE', text: '50GB', value: 50 },
      architecture: { name: 'FARGATE_ARCHITECTURE', text: 'linux/arm64', value: 'ARM64' },
      capacity: {
        name: 'FARGATE_CAPACITY',
        text: 'spot,on-demand,spot',
        value: ['FARGATE_SPOT', 'FARGATE'],
      },
      honorImageEntryPoint: true,
      dockerAuth: { logins: [], notes: [] },
      dockerHost: 'tcp://docker:2375',
      healthcheckPort: { name: 'HEALTHCHECK_TCP_PORT', text: '0', value: undefined },
      isWebTerminal: true,
      usesTestcontainers: true,
    });
  });

  it.each([
    ['1', true],
    ['t', true],
    ['T', true],
    ['true', true],
    ['yes', false],
    ['0', false],
  ])('parse the flag %s as %s, as GitLab Runner does', (flag, expected) => {
    const overrides = parseJobOverrides(jobWith({ FF_KUBERNETES_HONOR_ENTRYPOINT: flag }));
    expect(overrides.honorImageEntryPoint).toBe(expected);
  });

  it('of the Kubernetes executor prefer a limit to a request', () => {
    const limit = parseJobOverrides(jobWith({ KUBERNETES_CPU_LIMIT: '2', KUBERNETES_CPU_REQUEST: '1' }));
    expect(limit.kubernetesCpu).toMatchObject({ name: 'KUBERNETES_CPU_LIMIT', value: 2048 });
    const request = parseJobOverrides(jobWith({ KUBERNETES_MEMORY_REQUEST: '2Gi' }));
    expect(request.kubernetesMemory).toMatchObject({ name: 'KUBERNETES_MEMORY_REQUEST', value: 2048 });
  });

  it.each([
    ['FARGATE_CPU', 255],
    ['DOCKER_HOST', 2048],
  ])('%s may have %i characters', (name, most) => {
    expect(() => parseJobOverrides(jobWith({ [name]: 'x'.repeat(most) }))).not.toThrow();
    expect(() => parseJobOverrides(jobWith({ [name]: 'x'.repeat(most + 1) }))).toThrow(
      `at most ${most} characters are allowed`,
    );
  });

  it('that are empty are not set, as in GitLab', () => {
    const empty = {
      FARGATE_CPU: '',
      FF_KUBERNETES_HONOR_ENTRYPOINT: '',
      DOCKER_HOST: '',
      DOCKER_AUTH_CONFIG: '',
    };
    expect(parseJobOverrides(jobWith(empty))).toEqual(parseJobOverrides(jobOf()));
  });

  it('come from no other variable', () => {
    const others = {
      CPU: '2',
      CI_JOB_ID: '7/.',
      FARGATE_TASK_ROLE: 'arn:aws:iam::1:role/admin',
      FARGATE_IMAGE: 'x',
    };
    expect(parseJobOverrides(jobWith(others))).toEqual(parseJobOverrides(jobOf()));
  });
});

it('are documented: the comments name each variable that is read, and no other', () => {
  const source = readFileSync(new URL('../src/job/request/job-overrides.ts', import.meta.url), 'utf8');
  const documented = [...source.matchAll(/@variable (\S+)/g)].map(([, name]) => name);
  const read = new Set<string>();
  class RecordingMap extends Map<string, string> {
    override get(name: string) {
      read.add(name);
      return super.get(name);
    }
    override keys() {
      read.add('TESTCONTAINERS_*');
      return super.keys();
    }
  }
  parseJobOverrides({ ...jobOf(), variables: new RecordingMap() });
  expect(documented.sort()).toEqual([...read].sort());
});
