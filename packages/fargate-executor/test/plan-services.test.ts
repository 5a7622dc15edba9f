import { describe, expect, it } from 'vitest';
import { planServices } from '../src/job/plan-services.ts';
import { jobOf, jobWith } from './support/job.ts';

function planOf(request: ReturnType<typeof jobOf>) {
  const findings = { notes: [], refusals: [] };
  return { ...planServices(request, findings), ...findings };
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

  it('is refused where Fargate has no room for so many', () => {
    const services = Array.from({ length: 9 }, (_, index) => ({ name: `service-${index}` }));
    expect(planOf(jobOf({ services })).refusals.join()).toContain('has 9 services');
    expect(planOf(jobOf({ services: services.slice(1) })).refusals).toEqual([]);
  });
});

describe('variables of a service', () => {
  const withVariable = (value: string) => [{ name: 'postgres', variables: [{ key: 'A', value }] }];

  it.each([
    ['one', 'x'.repeat(131_072), /The variable A of the service postgres is longer than Linux takes/],
    ['all', undefined, /The variables of the service postgres come to 11\d{5} bytes/],
  ])('are refused where %s are more than Linux takes', (_, value, words) => {
    const many = Object.fromEntries(
      Array.from({ length: 11 }, (_each, index) => [`B${index}`, 'x'.repeat(100_000)]),
    );
    const { refusals } = planOf(jobWith(value ? {} : many, { services: withVariable(value ?? '') }));
    expect(refusals).toEqual([expect.stringMatching(words)]);
  });
});
