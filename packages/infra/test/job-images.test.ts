import { describe, expect, it } from 'vitest';
import { JOB_EXECUTION, MANAGER } from './support/roles.ts';
import { roleStatements } from './support/statements.ts';
import { synthesise } from './support/synthesise.ts';

const PULL = 'ecr:BatchGetImage';
const FILL = ['ecr:BatchImportUpstreamImage', 'ecr:CreateRepository'];
const ECR = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const CACHE = 'arn:aws:ecr:eu-central-1:123456789012:repository/docker-hub/*';

function allowedBy(options: Parameters<typeof synthesise>[0], of = JOB_EXECUTION) {
  const allowed = Object.values(synthesise(options))
    .flatMap(roleStatements)
    .filter(({ effect, role }) => effect === 'Allow' && role === of);
  return (action: string) =>
    allowed
      .filter(({ actions }) => actions.includes(action))
      .flatMap(({ resources }) => resources)
      .filter((resource) => !resource.includes('cdk-'));
}

const fleetWith = (registryMirrors: Record<string, string>) => [
  { name: 'default', job: { registryMirrors } },
];

describe("jobs' execution role", () => {
  it('may not fill a cache if no fleet has one', () => {
    const allowed = allowedBy({});
    for (const action of FILL) expect(allowed(action)).toEqual([]);
  });

  it("may pull from and fill the fleets' ECR pull-through caches, but no other mirror", () => {
    const allowed = allowedBy({
      fleets: fleetWith({
        'docker.io': `${ECR}/docker-hub`,
        'docker.io/library': `${ECR}/docker-hub`,
        'quay.io': 'mirror.example.com/quay',
      }),
    });
    for (const action of FILL) expect(allowed(action)).toEqual([CACHE]);
    expect(allowed(PULL)).toContain(CACHE);
    expect(allowed('ecr:GetAuthorizationToken')).toContain('*');
  });

  it('gets no access to a whole registry through a mirror without a path', () => {
    const allowed = allowedBy({ fleets: fleetWith({ 'docker.io': ECR }) });
    for (const action of [...FILL, PULL]) expect(allowed(action)).toEqual([]);
  });

  it('may pull from mirrors that the installation names', () => {
    const allowed = allowedBy({ jobImageMirrors: [`${ECR}/docker-hub`] });
    for (const action of [...FILL, PULL]) expect(allowed(action)).toEqual([CACHE]);
  });

  it('may pull repositories of this account by name and of others by ARN, but not fill them', () => {
    const other = 'arn:aws:ecr:us-east-1:222233334444:repository/team/*';
    const allowed = allowedBy({ jobImageRepositories: ['app', other] });
    expect(allowed(PULL)).toEqual(['arn:aws:ecr:eu-west-1:111122223333:repository/app', other]);
    for (const action of FILL) expect(allowed(action)).toEqual([]);
  });
});

describe('a manager', () => {
  const images = { jobImageRepositories: ['app'], jobImageMirrors: [`${ECR}/docker-hub`] };
  const READ = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];

  it('reads nothing from Amazon ECR by default', () => {
    const allowed = allowedBy({ ...images, fleets: [{ name: 'default' }] }, MANAGER);
    for (const action of [...READ, 'ecr:GetAuthorizationToken']) expect(allowed(action)).toEqual([]);
  });

  it("reads the configurations of jobs' images if a fleet names an ECR registry for this", () => {
    const fleets = [{ name: 'default', job: { imageConfigRegistries: ['docker.io', ECR] } }];
    const allowed = allowedBy({ ...images, fleets }, MANAGER);
    const repositories = ['arn:aws:ecr:eu-west-1:111122223333:repository/app', CACHE];
    for (const action of READ) expect(allowed(action)).toEqual(repositories);
    expect(allowed('ecr:GetAuthorizationToken')).toEqual(['*']);
    for (const action of [...FILL, 'ecr:PutImage', 'ecr:BatchCheckLayerAvailability'])
      expect(allowed(action)).toEqual([]);
  });
});
