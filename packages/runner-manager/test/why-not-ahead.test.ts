import type { FleetConfigInput } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import { whyNotAhead } from '../src/ahead/why-not-ahead.ts';
import type { ServiceShape } from '../src/task/task-shape.ts';
import { fleetOf } from './support/fleet.ts';
import { shape } from './support/task-shape.ts';

const DIGEST = `registry.example.com/app@sha256:${'0'.repeat(64)}`;
const ROLE = 'arn:aws:iam::111122223333:role/deploy';
const service = (image: string): ServiceShape => ({ container: 'svc-0', image });
type Candidate = Parameters<typeof whyNotAhead>[0];

function why(over: Partial<Candidate>, ahead: FleetConfigInput['ahead'] = {}): string | undefined {
  const candidate = { shape, registryLogins: new Map(), overrides: new Map(), ...over };
  return whyNotAhead(candidate, fleetOf({ ahead: { start: 'next', ...ahead } }));
}

describe('a task', () => {
  it.each<[string, Partial<Candidate>, FleetConfigInput['ahead']]>([
    ['of an image in a registry that is asked', {}, {}],
    ['of an image by digest', { shape: { ...shape, image: DIGEST } }, {}],
    [
      'of any image if tags are fixed',
      { shape: { ...shape, image: 'registry.example.com/app:1' } },
      { tagsAreFixed: true },
    ],
    ['with a service', { shape: { ...shape, services: [service('redis:7')] } }, {}],
    [
      "with the fleet's login",
      { registryLogins: new Map([['alpine:3', { kind: 'secret', arn: 'arn:secret' }]]) },
      {},
    ],
    ['with a role that the fleet allows', { shape: { ...shape, taskRoleArn: ROLE } }, { withTaskRole: true }],
  ])('%s may be started ahead', (_title, over, ahead) => {
    expect(why(over, ahead)).toBeUndefined();
  });

  it.each<[string, Partial<Candidate>, string]>([
    [
      'with a login of the job',
      { registryLogins: new Map([['alpine:3', { kind: 'login', username: 'u', password: 'p' }]]) },
      'only the job has the login for alpine:3',
    ],
    [
      'with variables in the override',
      { overrides: new Map([['svc-0', []]]) },
      "a service's variables go through the RunTask override, which differs between jobs",
    ],
    [
      'with a role',
      { shape: { ...shape, taskRoleArn: ROLE } },
      'its task has an IAM role (ahead.withTaskRole)',
    ],
    [
      'of an image whose registry is not asked',
      { shape: { ...shape, image: 'registry.example.com/app:1' } },
      'the tag of registry.example.com/app:1 may move, and its registry is not asked (job.imageConfigRegistries, ahead.tagsAreFixed)',
    ],
    [
      'with a service whose registry is not asked',
      { shape: { ...shape, services: [service('redis:7'), service('registry.example.com/db')] } },
      'the tag of registry.example.com/db may move, and its registry is not asked (job.imageConfigRegistries, ahead.tagsAreFixed)',
    ],
  ])('%s is not', (_title, over, reason) => {
    expect(why(over)).toBe(reason);
  });
});
