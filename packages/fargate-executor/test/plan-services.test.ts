import { describe, expect, it } from 'vitest';
import { JobRefusedError } from '../src/errors.ts';
import { parseJobOverrides } from '../src/job/job-overrides.ts';
import { planServices } from '../src/job/plan-services.ts';
import { jobOf, jobWith } from './support/job.ts';

function planOf(request: ReturnType<typeof jobOf>) {
  const findings = { notes: [] };
  return { ...planServices(request, parseJobOverrides(request), findings), ...findings };
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

  it('are only such as a hosts file takes', () => {
    const services = [{ name: 'postgres', alias: 'a;b $(c) -d e\tf' }];
    expect(planOf(jobOf({ services })).hostnames).toEqual(['postgres', 'e', 'f']);
  });
});

describe('shape of a service', () => {
  it('has its entry point and command, where given', () => {
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
    expect(aliased(Array.from({ length: 33 }, (_, index) => `n${index}`).join())).toThrow(JobRefusedError);
    expect(aliased('x'.repeat(256))).toThrow('at most 255 characters');
    expect(aliased('x'.repeat(255))).not.toThrow();
  });
});

describe('environment of a service', () => {
  const services = [{ name: 'postgres', variables: [{ key: 'POSTGRES_DB', value: '$APP-db' }] }];

  it("holds the job's public variables and its own, expanded", () => {
    const { environment } = planOf(
      jobWith({ APP: 'shop', POSTGRES_PASSWORD: 'open', CI_JOB_STAGE: 'test' }, { services }),
    );
    expect(environment.get('svc-0')).toEqual([
      { name: 'APP', value: 'shop' },
      { name: 'POSTGRES_PASSWORD', value: 'open' },
      { name: 'POSTGRES_DB', value: 'shop-db' },
    ]);
  });

  it('holds raw variables as they are (common/spec/variables.go of 19.3, ExpandWith), raw ports too', () => {
    const variables = [
      { key: 'PRICE', value: '$APP', raw: true },
      { key: 'HEALTHCHECK_TCP_PORT', value: '$PORT', raw: true },
    ];
    const asked = { APP: 'shop', PORT: '5433' };
    const raw = planOf(jobWith(asked, { services: [{ name: 'postgres', variables }] }));
    expect(raw.environment.get('svc-0')).toContainEqual({ name: 'PRICE', value: '$APP' });
    expect(raw.planned[0]?.port).toBeUndefined();
    const expanded = variables.map((variable) => ({ ...variable, raw: false }));
    const plan = planOf(jobWith(asked, { services: [{ name: 'postgres', variables: expanded }] }));
    expect(plan.environment.get('svc-0')).toContainEqual({ name: 'PRICE', value: 'shop' });
    expect(plan.planned[0]?.port).toBe(5433);
  });

  it('holds nothing that is secret, and nothing that contains a secret', () => {
    const request = jobOf({
      services: [{ name: 'postgres', variables: [{ key: 'URL', value: 'https://x:$TOKEN@host' }] }],
      variables: [
        { key: 'TOKEN', value: 'planted-secret', public: false, masked: true },
        { key: 'COPY', value: 'also planted-secret', public: true },
        { key: 'UNMASKED', value: 'project-setting', public: false },
        { key: 'FILE', value: '/builds/file', public: true, file: true },
        { key: 'OPEN', value: 'fine', public: true },
      ],
    });
    const { environment, notes } = planOf(request);
    expect(environment.get('svc-0')).toEqual([{ name: 'OPEN', value: 'fine' }]);
    expect(notes).toEqual([
      'The service postgres does not get COPY, URL: the value holds a secret, and AWS would show it. It gets values that are written into .gitlab-ci.yml.',
    ]);
  });
});
