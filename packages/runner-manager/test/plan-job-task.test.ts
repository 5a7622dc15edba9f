import { isFargateSize } from '@serverless-gitlab-runner/fleet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planJobTask } from '../src/job/plan/plan-job-task.ts';
import type { JobRequest } from '../src/job/request/job-request.ts';
import { fleetOf } from './support/fleet.ts';
import { jobOf, jobWith } from './support/job.ts';

const fleet = fleetOf();

function planOf(request: JobRequest, of = fleet) {
  const planned = planJobTask(request, of);
  if (planned.kind === 'refused') throw new Error(`refused: ${planned.lines.join(' ')}`);
  return planned.plan;
}

function refusalOf(request: JobRequest, of = fleet): string {
  const planned = planJobTask(request, of);
  if (planned.kind === 'planned') throw new Error('planned');
  return planned.lines.join('\n');
}

describe('a job without settings', () => {
  it("gets the fleet's image, size, architecture, storage and capacity", () => {
    const plan = planOf(jobOf());
    expect(plan.shape).toEqual({
      image: 'debian:bookworm-slim',
      user: undefined,
      entryPoint: undefined,
      services: [],
      size: { cpu: 1024, memory: 2048 },
      architecture: 'X86_64',
      ephemeralStorageGib: 20,
      taskRoleArn: undefined,
    });
    expect(plan.capacity).toEqual(['FARGATE_SPOT', 'FARGATE']);
    expect(plan.notes).toEqual([]);
  });
});

describe('the size', () => {
  it.each([
    { asks: { FARGATE_CPU: '2', FARGATE_MEMORY: '4GB' }, gets: { cpu: 2048, memory: 4096 }, notes: 0 },
    { asks: { FARGATE_CPU: '512', FARGATE_MEMORY: '1024' }, gets: { cpu: 512, memory: 1024 }, notes: 0 },
    { asks: { FARGATE_MEMORY: '8GB' }, gets: { cpu: 1024, memory: 8192 }, notes: 0 },
    { asks: { FARGATE_MEMORY: '9GB' }, gets: { cpu: 2048, memory: 9216 }, notes: 1 },
    { asks: { FARGATE_CPU: '2 vCPU' }, gets: { cpu: 2048, memory: 4096 }, notes: 1 },
    { asks: { FARGATE_CPU: '3' }, gets: { cpu: 4096, memory: 8192 }, notes: 1 },
    { asks: { FARGATE_CPU: '', FARGATE_MEMORY: '' }, gets: { cpu: 1024, memory: 2048 }, notes: 0 },
  ])('for $asks is $gets', ({ asks, gets, notes }) => {
    const plan = planOf(jobWith(asks));
    expect(plan.shape.size).toEqual(gets);
    expect(plan.notes).toHaveLength(notes);
  });

  it.each<[Record<string, string>, { cpu: number; memory: number }, string]>([
    [
      { KUBERNETES_CPU_REQUEST: '500m', KUBERNETES_MEMORY_REQUEST: '2Gi', KUBERNETES_MEMORY_LIMIT: '4Gi' },
      { cpu: 512, memory: 4096 },
      'KUBERNETES_CPU_REQUEST and KUBERNETES_MEMORY_LIMIT',
    ],
    [{ KUBERNETES_MEMORY_LIMIT: '8Gi' }, { cpu: 1024, memory: 8192 }, 'KUBERNETES_MEMORY_LIMIT'],
    [
      { KUBERNETES_CPU_LIMIT: 'much', KUBERNETES_MEMORY_LIMIT: '3Gi' },
      { cpu: 1024, memory: 3072 },
      'KUBERNETES_MEMORY_LIMIT',
    ],
  ])('for %j of the Kubernetes executor is %j, and is logged', (asks, size, names) => {
    const plan = planOf(jobWith(asks));
    expect(plan.shape.size).toEqual(size);
    expect(plan.notes).toEqual([
      `The size comes from ${names}; FARGATE_CPU and FARGATE_MEMORY take precedence.`,
    ]);
  });

  it("prefers Fargate's variables to those of the Kubernetes executor, limits included", () => {
    const kubernetes = { KUBERNETES_CPU_LIMIT: '8', KUBERNETES_MEMORY_LIMIT: '64Gi' };
    expect(planOf(jobWith({ ...kubernetes, FARGATE_MEMORY: '2GB' })).shape.size).toEqual(fleet.job.size);
    expect(refusalOf(jobWith(kubernetes))).toContain("more than this fleet's limit");
    expect(planOf(jobWith({ KUBERNETES_CPU_LIMIT: 'much' })).shape.size).toEqual(fleet.job.size);
  });

  it('is logged when it is not the requested one', () => {
    expect(planOf(jobWith({ FARGATE_CPU: '3', FARGATE_MEMORY: '5GB' })).notes).toEqual([
      'Fargate does not offer 3 vCPU, 5 GB; using the next larger size, 4 vCPU, 8 GB.',
    ]);
  });

  it.each([
    { asks: { FARGATE_CPU: 'many' }, says: 'FARGATE_CPU is "many"' },
    { asks: { FARGATE_MEMORY: '2' }, says: 'FARGATE_MEMORY is "2"' },
    { asks: { FARGATE_CPU: '8' }, says: "more than this fleet's limit of 4 vCPU, 30 GB" },
    { asks: { FARGATE_CPU: '4', FARGATE_MEMORY: '31GB' }, says: 'The job requests 4 vCPU, 31 GB' },
    { asks: { FARGATE_CPU: '64' }, says: 'FARGATE_CPU is "64"' },
  ])('for $asks is refused with the list of allowed sizes', ({ asks, says }) => {
    const lines = refusalOf(jobWith(asks));
    expect(lines).toContain(says);
    expect(lines).toContain('This fleet allows 0.25 vCPU with 0.5 to 2 GB;');
  });

  it.each([
    ['FARGATE_CPU', 'many', 'vCPUs (0.5, 2 vCPU) or CPU units (512, 2048)'],
    ['FARGATE_MEMORY', '2', 'MiB (2048) or a unit (2GB, 512MB)'],
  ])('%s %j is refused with the valid formats', (name, text, units) => {
    expect(refusalOf(jobWith({ [name]: text }))).toContain(`${name} is "${text}": use ${units}.`);
  });

  it('may have as much memory as the fleet allows, but no more', () => {
    const narrow = fleetOf({ job: { maxSize: { cpu: 4096, memory: 8192 } } });
    const asked = (memory: string) => jobWith({ FARGATE_CPU: '4', FARGATE_MEMORY: memory });
    expect(planOf(asked('8GB'), narrow).shape.size).toEqual({ cpu: 4096, memory: 8192 });
    expect(refusalOf(asked('9GB'), narrow)).toContain("more than this fleet's limit of 4 vCPU, 8 GB");
  });

  it('lists no CPU for which the fleet allows no memory', () => {
    const narrow = fleetOf({
      job: { size: { cpu: 256, memory: 512 }, maxSize: { cpu: 1024, memory: 2048 } },
    });
    const narrower = { ...narrow, job: { ...narrow.job, maxSize: { cpu: 2048, memory: 2048 } } };
    expect(refusalOf(jobWith({ FARGATE_CPU: '4' }), narrower)).toContain(
      'This fleet allows 0.25 vCPU with 0.5 to 2 GB; 0.5 vCPU with 1 to 2 GB; 1 vCPU with 2 to 2 GB.',
    );
  });

  it("may come from the Kubernetes executor's CPU alone", () => {
    const plan = planOf(jobWith({ KUBERNETES_CPU_LIMIT: '500m' }));
    expect(plan.shape.size).toEqual({ cpu: 512, memory: 2048 });
    expect(plan.notes[0]).toContain('comes from KUBERNETES_CPU_LIMIT;');
  });

  it('lists only what the fleet allows', () => {
    const small = fleetOf({ job: { size: { cpu: 256, memory: 512 }, maxSize: { cpu: 512, memory: 2048 } } });
    expect(refusalOf(jobWith({ FARGATE_CPU: '1' }), small)).toContain(
      'This fleet allows 0.25 vCPU with 0.5 to 2 GB; 0.5 vCPU with 1 to 2 GB.',
    );
  });

  it('is always one that Fargate offers, at least what was requested, and within the limits', () => {
    const asked = fc.record({
      cpu: fc.integer({ min: 256, max: 20_000 }),
      memory: fc.integer({ min: 512, max: 130_000 }),
    });
    fc.assert(
      fc.property(asked, ({ cpu, memory }) => {
        const planned = planJobTask(jobWith({ FARGATE_CPU: `${cpu}`, FARGATE_MEMORY: `${memory}` }), fleet);
        if (planned.kind === 'refused') {
          expect(cpu > 4096 || memory > 30_720).toBe(true);
          return;
        }
        const { size } = planned.plan.shape;
        expect(isFargateSize(size)).toBe(true);
        expect(size.cpu).toBeGreaterThanOrEqual(cpu);
        expect(size.memory).toBeGreaterThanOrEqual(memory);
        expect(size.cpu <= 4096 && size.memory <= 30_720).toBe(true);
      }),
    );
  });
});

describe('storage, architecture and capacity', () => {
  it.each([
    ['50GB', 50, []],
    ['100', 100, []],
    ['20', 20, []],
    ['10', 20, ['The job gets 20 GB of ephemeral storage, the Fargate minimum.']],
  ])('FARGATE_EPHEMERAL_STORAGE %j gives %i GiB', (text, gibibytes, notes) => {
    const plan = planOf(jobWith({ FARGATE_EPHEMERAL_STORAGE: text }));
    expect(plan.shape.ephemeralStorageGib).toBe(gibibytes);
    expect(plan.notes).toEqual(notes);
  });

  it('refuses storage that is not a quantity', () => {
    expect(refusalOf(jobWith({ FARGATE_EPHEMERAL_STORAGE: 'much' }))).toBe(
      'FARGATE_EPHEMERAL_STORAGE is "much", but this fleet allows 20 to 100 GB.',
    );
  });

  it("refuses a platform of the job's image that Fargate does not offer", () => {
    const image = { name: 'alpine', executor_opts: { docker: { platform: 'linux/riscv' } } };
    expect(refusalOf(jobOf({ image }))).toBe(
      'The platform of the image is "linux/riscv", but this fleet allows X86_64, ARM64 (Linux).',
    );
  });

  it('refuses capacity of which the fleet allows only a part', () => {
    const only = fleetOf({ job: { capacity: ['FARGATE'] } });
    expect(refusalOf(jobWith({ FARGATE_CAPACITY: 'FARGATE, spot' }), only)).toContain(
      'this fleet allows FARGATE.',
    );
  });

  it('refuses more storage than the fleet allows', () => {
    expect(refusalOf(jobWith({ FARGATE_EPHEMERAL_STORAGE: '150' }))).toContain(
      'this fleet allows 20 to 100 GB',
    );
  });

  it.each(['arm64', 'ARM64', 'aarch64', 'linux/arm64/v8'])('parses %j as ARM64', (text) => {
    expect(planOf(jobWith({ FARGATE_ARCHITECTURE: text })).shape.architecture).toBe('ARM64');
  });

  it("uses the platform of the job's image unless a variable is set", () => {
    const image = { name: 'alpine', executor_opts: { docker: { platform: 'linux/arm64' } } };
    expect(planOf(jobOf({ image })).shape.architecture).toBe('ARM64');
    expect(planOf(jobWith({ FARGATE_ARCHITECTURE: 'amd64' }, { image })).shape.architecture).toBe('X86_64');
  });

  it.each(['riscv', 'windows/amd64', 'linux/arm/v7'])('refuses the architecture %j', (text) => {
    expect(refusalOf(jobWith({ FARGATE_ARCHITECTURE: text }))).toContain('this fleet allows X86_64, ARM64');
  });

  it("refuses an architecture that is not the fleet's", () => {
    const only = fleetOf({ job: { architectures: ['X86_64'] } });
    expect(refusalOf(jobWith({ FARGATE_ARCHITECTURE: 'ARM64' }), only)).toContain(
      'this fleet allows X86_64 (Linux)',
    );
  });

  it.each([
    ['spot', ['FARGATE_SPOT']],
    ['FARGATE', ['FARGATE']],
    ['on-demand', ['FARGATE']],
    ['FARGATE, spot', ['FARGATE', 'FARGATE_SPOT']],
    ['spot,spot', ['FARGATE_SPOT']],
  ])('FARGATE_CAPACITY %j tries %j', (text, capacity) => {
    expect(planOf(jobWith({ FARGATE_CAPACITY: text })).capacity).toEqual(capacity);
  });

  it.each(['EC2', 'spot,EC2'])('refuses the capacity %j', (text) => {
    expect(refusalOf(jobWith({ FARGATE_CAPACITY: text }))).toContain(
      'this fleet allows FARGATE_SPOT, FARGATE',
    );
  });
});

describe('container options of the image', () => {
  it.each([
    [{ kubernetes: { user: '1001' } }, '1001'],
    [{ kubernetes: { user: 1001 } }, '1001'],
    [{ docker: { user: 'a' }, kubernetes: { user: '1001' } }, 'a'],
    [{ docker: {}, kubernetes: {} }, undefined],
  ])('runs image and services with %j as %s', (options, user) => {
    const image = { name: 'alpine', executor_opts: options };
    const { shape } = planOf(jobOf({ image, services: [image] }));
    expect([shape.user, shape.services[0]?.user]).toEqual([user, user]);
  });

  it("runs the build container as the job's user", () => {
    const image = { name: 'alpine', executor_opts: { docker: { user: '1000:1000' } } };
    expect(planOf(jobOf({ image })).shape.user).toBe('1000:1000');
  });

  it.each([
    [{ docker: { user: '$WHO', platform: 'linux/$CHIP' } }, 'me', 'ARM64'],
    [{ docker: { user: `\${NOBODY}`, platform: '$NOTHING' } }, undefined, 'X86_64'],
    [{ docker: { user: 1000 } }, '1000', 'X86_64'],
    [{ kubernetes: { user: '$WHO' } }, 'me', 'X86_64'],
  ])('expands %j as ImageDockerOptions.Expand in common/spec/spec.go of 19.3 does', (options, user, chip) => {
    const image = { name: 'alpine', executor_opts: options };
    const { shape } = planOf(jobWith({ WHO: 'me', CHIP: 'arm64' }, { image }));
    expect([shape.user, shape.architecture]).toEqual([user, chip]);
  });

  it('refuses overlong texts and foreign cache keys', () => {
    const services = Array.from({ length: 9 }, () => ({ name: 'a' }));
    expect(refusalOf(jobOf({ services }))).toContain('The job has 9 services');
    expect(refusalOf(jobWith({ CACHE_FALLBACK_KEY: 'a-protected/' }))).toContain('CACHE_FALLBACK_KEY is');
  });

  it('notes logins that cannot be used', () => {
    const notes = planOf(jobWith({ DOCKER_AUTH_CONFIG: '{"auths":{"r.example.com":{}}}' })).notes;
    expect(notes).toEqual([expect.stringContaining('has no user name and password for "r.example.com"')]);
  });

  it('rethrows errors that are not refusals', () => {
    const broken = Object.defineProperty({ ...fleet }, 'job', {
      get() {
        throw new TypeError('boom');
      },
    });
    expect(() => planJobTask(jobOf(), broken)).toThrow('boom');
  });

  it('reports only the first problem', () => {
    const asked = { FARGATE_CPU: 'x', FARGATE_CAPACITY: 'y' };
    expect(refusalOf(jobWith(asked, { image: { name: 'No Such' } }))).toBe(
      'The image "No Such" is not a valid image name: use registry/path/name:tag in lower case. Unset variables expand to an empty string.',
    );
    expect(refusalOf(jobWith(asked))).not.toContain('FARGATE_CAPACITY');
  });
});
