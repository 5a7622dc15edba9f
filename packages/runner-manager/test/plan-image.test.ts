import { describe, expect, it } from 'vitest';
import { planImage, refuseImage } from '../src/job/plan/plan-image.ts';
import { planJobTask } from '../src/job/plan/plan-job-task.ts';
import { fleetOf } from './support/fleet.ts';
import { jobOf, jobWith } from './support/job.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

it.each([
  'alpine',
  'alpine:3.20',
  'library/alpine',
  'docker.io/library/alpine:3.20',
  'registry.example.com:5000/group/sub/project:1.0_rc-2',
  'localhost:5000/x',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:latest',
  `alpine@${DIGEST}`,
  `registry.example.com/app:1@${DIGEST}`,
  'serverless-gitlab-runner-demo/posix-sh:local',
  'gcr.io/kaniko-project/executor:debug',
  'docker:27-cli',
  'ghcr.io/a__b/c.d-e',
  'a--b',
  'A:5000/x',
  'Registry.Example.com/x',
  'a'.repeat(255),
  `a:${'t'.repeat(128)}`,
])('takes the image %s', (name) => {
  expect(refuseImage('image', name)).toBeUndefined();
});

describe('refuses with a message', () => {
  it.each([
    ['', 'is not a valid image name'],
    ['Alpine', 'is not a valid image name'],
    ['alpine:', 'is not a valid image name'],
    ['alpine 3', 'is not a valid image name'],
    ['alpine:3@sha256:12', 'is not a valid image name'],
    ['https://example.com/alpine', 'is not a valid image name'],
    ['Alpine:3/', 'is not a valid image name'],
    ['-r.example.com/x', 'is not a valid image name'],
    ['r.example.com:/x', 'is not a valid image name'],
    ['r.example.com:123456/x', 'is not a valid image name'],
    ['a/R.example.com/x', 'is not a valid image name'],
    [`a@x${DIGEST.slice(0, -1)}`, 'is not a valid image name'],
    [`a@${DIGEST.slice(0, -1)}g`, 'is not a valid image name'],
    [`a:${'t'.repeat(129)}`, 'is not a valid image name'],
    ['a'.repeat(256), 'is not a valid image name'],
    ['alpine:3\nwget', 'is not a valid image name'],
    ['docker:dind', 'needs a privileged container'],
    ['docker:27.3-dind', 'needs a privileged container'],
    ['registry.example.com/mirror/docker:27-dind-rootless', 'needs a privileged container'],
    ['mcr.microsoft.com/windows/servercore:ltsc2022', 'is for Windows'],
  ])('%j: %s', (name, words) => {
    expect(refuseImage('image', name)).toContain(words);
  });

  it.each([
    ['as it is written', 'x'.repeat(2049), 2048],
    ['after its variables are expanded', '$LONG', 255],
  ])('a name that is too long %s', (_, name, most) => {
    expect(() => planImage('image', name, new Map([['LONG', 'x'.repeat(256)]]))).toThrow(
      new RegExp(`^The image "x{100}…" .* at most ${most} characters are allowed`),
    );
  });

  it('adds advice if there is any', () => {
    expect(refuseImage('service', 'docker:dind')).toContain('kaniko instead; docs/building-images.md');
  });
});

describe('the name of the image', () => {
  const fleet = fleetOf();
  const imageOf = (request: ReturnType<typeof jobOf>) => {
    const planned = planJobTask(request, fleet);
    return planned.kind === 'planned' ? planned.plan.shape.image : planned.lines;
  };

  it('has its variables expanded, by the runner or here', () => {
    const image = { name: 'registry/$APP:1' };
    expect(imageOf(jobWith({ APP: 'shop' }, { image }))).toBe('registry/shop:1');
    expect(imageOf(jobWith({ APP: 'shop' }, { image: { name: 'registry/shop:1' } }))).toBe('registry/shop:1');
  });

  it("is the job's, whatever its variables contain", () => {
    const lie = { CI_JOB_IMAGE: 'registry.example.com/other:1' };
    expect(imageOf(jobWith(lie, { image: { name: 'alpine:3' } }))).toBe('alpine:3');
    expect(imageOf(jobWith(lie))).toBe('debian:bookworm-slim');
  });

  it("is the job's own where the runner expands none", () => {
    expect(imageOf(jobOf({ image: { name: 'alpine:3' } }))).toBe('alpine:3');
  });

  it('is not guessed when GitLab sends no image', () => {
    expect(imageOf(jobOf({ image: { name: '' } }))).toBe('debian:bookworm-slim');
    expect(imageOf(jobOf({ image: null }))).toBe('debian:bookworm-slim');
  });
});

describe('an unset variable in the name of', () => {
  const fleet = fleetOf();
  const UNSET = 'Unset variables expand to an empty string.';

  it.each<[string, Parameters<typeof jobOf>[0], string]>([
    ['an image', { image: { name: '$NOPE/foo' } }, 'The image "/foo" is not a valid image name'],
    ['an image, in its tag', { image: { name: 'foo:$NOPE' } }, 'The image "foo:" is not a valid image name'],
    ['a service', { services: [{ name: '$NOPE/redis' }] }, 'The service "/redis" is not a valid image name'],
  ])('%s is refused if no name is left', (_, sample, words) => {
    const planned = planJobTask(jobOf(sample), fleet);
    expect(planned).toMatchObject({ kind: 'refused', lines: [expect.stringContaining(words)] });
    expect(planned).toMatchObject({ lines: [expect.stringContaining(UNSET)] });
  });

  it.each<[string, string | undefined]>([
    [`\${NOPE}`, undefined],
    [`\${NOPE}`, ''],
    ['$ONE$TWO', undefined],
    ['', undefined],
  ])(
    "an image %s of which nothing is left (the runner makes it %j) is no image: it is the fleet's",
    (name, expanded) => {
      const more = expanded === undefined ? {} : { CI_JOB_IMAGE: expanded };
      const planned = planJobTask(jobWith(more, { image: { name } }), fleet);
      expect(planned).toMatchObject({
        plan: { shape: { image: 'debian:bookworm-slim' }, isDefaultImage: true },
      });
    },
  );

  it('expands to an empty string if a name is left, as in GitLab', () => {
    const planned = planJobTask(
      jobOf({ image: { name: `\${PREFIX}node:24` }, services: [{ name: `\${PREFIX}redis:8` }] }),
      fleet,
    );
    expect(planned).toMatchObject({
      plan: { shape: { image: 'node:24', services: [{ image: 'redis:8' }] }, notes: [] },
    });
  });
});
