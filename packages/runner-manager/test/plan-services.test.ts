import { describe, expect, it } from 'vitest';
import { JobRefusedError } from '../src/errors.ts';
import { planServices } from '../src/job/plan/plan-services.ts';
import { parseJobOverrides } from '../src/job/request/job-overrides.ts';
import { jobOf, jobWith } from './support/job.ts';

function planOf(request: ReturnType<typeof jobOf>) {
  const diagnostics = { notes: [] };
  return { ...planServices(request, parseJobOverrides(request), diagnostics), ...diagnostics };
}

describe('names of a service', () => {
  it.each([
    { image: 'postgres:16', names: ['postgres'] },
    { image: 'tutum/wordpress:latest', names: ['tutum__wordpress', 'tutum-wordpress'] },
    {
      image: 'registry.example.com:4999/tutum/wordpress',
      names: ['registry.example.com__tutum__wordpress', 'registry.example.com-tutum-wordpress'],
    },
    { image: `redis@sha256:${'a'.repeat(64)}`, names: ['redis'] },
  ])("are GitLab's: $image is found as $names", ({ image, names }) => {
    expect(planOf(jobOf({ services: [{ name: image }] })).hostnames).toEqual(names);
  });

  it('include every alias', () => {
    const services = [{ name: 'postgres:16', alias: 'db,pg-main  main' }];
    expect(planOf(jobOf({ services })).hostnames).toEqual(['postgres', 'db', 'pg-main', 'main']);
  });

  it('are only those that a hosts file accepts', () => {
    const services = [{ name: 'postgres', alias: 'a;b $(c) -d e\tf' }];
    expect(planOf(jobOf({ services })).hostnames).toEqual(['postgres', 'e', 'f']);
  });
});

describe('shape of a service', () => {
  it('has its entry point and command, if given', () => {
    const services = [
      { name: 'a', entrypoint: ['/run'], command: ['--fast'] },
      { name: 'b', entrypoint: null, command: [] },
    ];
    expect(planOf(jobOf({ services })).shapes).toEqual([
      { container: 'svc-0', image: 'a', entryPoint: ['/run'], command: ['--fast'] },
      { container: 'svc-1', image: 'b' },
    ]);
  });

  it('has its name expanded', () => {
    const services = [{ name: `postgres:$PG-\${FLAVOUR}` }];
    const { shapes } = planOf(jobWith({ PG: '16', FLAVOUR: 'alpine' }, { services }));
    expect(shapes[0]?.image).toBe('postgres:16-alpine');
  });

  it('has its user expanded, as by executors/docker/docker.go of 19.3 (createServiceContainerConfig)', () => {
    const services = [{ name: 'a', executor_opts: { docker: { user: '$WHO' } } }, { name: 'b' }];
    const { shapes } = planOf(jobWith({ WHO: '1000' }, { services }));
    expect(shapes.map(({ user }) => user)).toEqual(['1000', undefined]);
  });

  it('has at most 32 aliases of 255 characters', () => {
    const aliased = (alias: string) => () => planOf(jobOf({ services: [{ name: 'a', alias }] }));
    const names = (length: number) => Array.from({ length }, (_, index) => `n${index}`).join();
    expect(aliased(names(33))).toThrow(
      /^The alias "n0 n1 n2 .*gives a service 33 names: at most 32 are allowed/,
    );
    expect(aliased(` ${names(32)},, `)).not.toThrow();
    expect(aliased('x'.repeat(256))).toThrow(/^The alias "xxx.*at most 255 characters/);
    expect(aliased('x'.repeat(255))).not.toThrow();
  });
});

describe('the name of a service in the job log', () => {
  it('is its image, and its first alias', () => {
    const services = [{ name: 'redis', alias: 'cache other' }, { name: 'acme/app:1' }];
    expect(planOf(jobOf({ services })).planned).toEqual([
      { container: 'svc-0', title: 'redis (cache)', port: 6379 },
      { container: 'svc-1', title: 'acme/app:1', port: undefined },
    ]);
  });
});

it('refuses two services that listen on one port', () => {
  const services = [{ name: 'postgres:16' }, { name: 'postgres:17' }];
  expect(() => planOf(jobOf({ services }))).toThrow(JobRefusedError);
});

describe('variables of a service', () => {
  const bytesOf = (name: string, value: string) => Buffer.byteLength(`${name}=${value}\0`);

  it('are its own, by container', () => {
    const services = [
      { name: 'a', variables: [{ key: 'A', value: '1' }] },
      { name: 'b', variables: [{ key: 'B', value: '2' }] },
    ];
    const { variables } = planOf(jobOf({ services }));
    expect([...variables.keys()]).toEqual(['svc-0', 'svc-1']);
    expect(variables.get('svc-1')).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'B' })]));
  });

  it('may have 131,072 bytes each, with name, `=` and the end', () => {
    const plan = (value: string) => () => planOf(jobOf({ services: withVariable(value) }));
    expect(bytesOf('A', 'x'.repeat(131_069))).toBe(131_072);
    expect(plan('x'.repeat(131_069))).not.toThrow();
    expect(plan('x'.repeat(131_070))).toThrow('The variable A of the service postgres is longer than Linux');
  });

  it('may have 1 MiB together, in bytes', () => {
    const planWith = (last: string) => {
      // Two bytes a character, since the limit of characters stands before.
      const large = Array.from({ length: 9 }, (_, index) => ({
        key: `L${index}`,
        value: 'é'.repeat(55_000),
      }));
      return planOf(
        jobOf({ services: [{ name: 'a', variables: [...large, { key: 'LAST', value: last }] }] }),
      );
    };
    const bytes = (planWith('').variables.get('svc-0') ?? []).reduce(
      (sum, { name, value }) => sum + bytesOf(name, value),
      0,
    );
    const rest = (1 << 20) - bytes;
    expect(() => planWith('x'.repeat(rest))).not.toThrow();
    expect(() => planWith('x'.repeat(rest + 1))).toThrow(
      'The variables of the service a have 1048577 bytes; at most 1048576 are allowed. Use files for large ones.',
    );
  });

  const withVariable = (value: string) => [{ name: 'postgres', variables: [{ key: 'A', value }] }];

  it.each([
    ['one', 'x'.repeat(131_072), /The variable A of the service postgres is longer than Linux allows/],
    ['all', undefined, /The variables of the service "postgres" have more than 1048576 characters/],
  ])("are refused if %s exceed Linux's limits", (_, value, words) => {
    const many = Object.fromEntries(
      Array.from({ length: 11 }, (_each, index) => [`B${index}`, 'x'.repeat(100_000)]),
    );
    const plan = () => planOf(jobWith(value ? {} : many, { services: withVariable(value ?? '') }));
    expect(plan).toThrow(words);
  });
});
