import { describe, expect, it } from 'vitest';
import { planJobTask } from '../src/job/plan/plan-job-task.ts';
import { mirroredImage, planMirror } from '../src/job/plan/plan-mirrors.ts';
import { fleetOf } from './support/fleet.ts';
import { jobOf } from './support/job.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const MIRRORS = {
  'docker.io': `${ECR}/docker-hub`,
  'docker.io/acme': `${ECR}/acme`,
  'quay.io': `${ECR}/quay`,
  'https://registry.example.com:5000/': 'mirror.example.com:8443',
  'gcr.io/one/app': `${ECR}/app`,
};

describe('an image through a mirror', () => {
  it.each([
    ['node', `${ECR}/docker-hub/library/node`],
    ['node:24', `${ECR}/docker-hub/library/node:24`],
    ['library/node:24', `${ECR}/docker-hub/library/node:24`],
    ['docker.io/node:24', `${ECR}/docker-hub/library/node:24`],
    ['index.docker.io/library/node', `${ECR}/docker-hub/library/node`],
    [`node@${DIGEST}`, `${ECR}/docker-hub/library/node@${DIGEST}`],
    [`node:24@${DIGEST}`, `${ECR}/docker-hub/library/node:24@${DIGEST}`],
    ['bitnami/kubectl:1', `${ECR}/docker-hub/bitnami/kubectl:1`],
    ['acme/shop/web:1', `${ECR}/acme/shop/web:1`],
    ['acmee/web', `${ECR}/docker-hub/acmee/web`],
    ['quay.io/x/y', `${ECR}/quay/x/y`],
    ['registry.example.com:5000/a/b:2', 'mirror.example.com:8443/a/b:2'],
    ['gcr.io/one/app:3', `${ECR}/app:3`],
  ])('%s is %s', (image, mirrored) => {
    expect(mirroredImage(image, MIRRORS)).toBe(mirrored);
  });

  it.each([
    'registry.example.com/a/b:2',
    'localhost:5000/node',
    'localhost/node',
    'quay.io.example.com/x',
    'gcr.io/one/apps',
    `${ECR}/docker-hub/library/node:24`,
    `ghcr.io/x@${DIGEST}`,
  ])('%s is unchanged, because no mirror matches', (image) => {
    expect(mirroredImage(image, MIRRORS)).toBe(image);
  });
});

describe("a job on a fleet with a mirror of Docker's hub", () => {
  const auth = Buffer.from('me:secret').toString('base64');
  const planned = planJobTask(
    jobOf({
      image: { name: 'node:24' },
      services: [{ name: 'postgres:16' }, { name: 'quay.io/x/y' }],
      variables: [
        {
          key: 'DOCKER_AUTH_CONFIG',
          value: JSON.stringify({ auths: { 'docker.io': { auth }, 'quay.io': { auth } } }),
        },
      ],
    }),
    fleetOf({ job: { registryMirrors: { 'docker.io': `${ECR}/docker-hub` } } }),
  );
  if (planned.kind === 'refused') throw new Error(planned.lines.join());
  const { plan } = planned;

  it("pulls image and services through it, and keeps the services' host names", () => {
    expect(plan.shape.image).toBe(`${ECR}/docker-hub/library/node:24`);
    expect(plan.shape.services.map(({ image }) => image)).toEqual([
      `${ECR}/docker-hub/library/postgres:16`,
      'quay.io/x/y',
    ]);
    expect(plan.serviceHostnames).toEqual(['postgres', 'quay.io__x__y', 'quay.io-x-y']);
    expect(plan.services).toMatchObject([{ title: 'postgres:16', port: 5432 }, { title: 'quay.io/x/y' }]);
  });

  it('notes which images are actually pulled, each once', () => {
    expect(plan.notes).toEqual([
      `Image postgres:16 is pulled as ${ECR}/docker-hub/library/postgres:16 (this fleet's job.registryMirrors); the job's login for docker.io is not used.`,
      `Image node:24 is pulled as ${ECR}/docker-hub/library/node:24 (this fleet's job.registryMirrors); the job's login for docker.io is not used.`,
    ]);
  });

  it('notes an image once, however often the job names it', () => {
    const diagnostics = { notes: [] };
    for (const _ of [1, 2]) planMirror('node:24', { 'docker.io': `${ECR}/docker-hub` }, diagnostics);
    expect(diagnostics.notes).toHaveLength(1);
  });

  it('uses no login for the mirrored registry', () => {
    expect([...plan.registryLogins.keys()]).toEqual(['quay.io/x/y']);
  });
});
