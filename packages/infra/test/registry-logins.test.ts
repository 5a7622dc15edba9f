import { describe, expect, it } from 'vitest';
import { JOB_EXECUTION, MANAGER } from './support/roles.ts';
import { roleStatements } from './support/statements.ts';
import { synthesise } from './support/synthesise.ts';

const FLEET_SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-AbCdEf';
const OF_JOBS = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:serverless-gitlab-runner/jobs/*';
const OF_FLEET = OF_JOBS.replace('/*', '/default/*');
const REAPER = 'What idle-reaper may do';

const allowed = Object.values(
  synthesise({
    fleets: [{ name: 'default', job: { registryCredentials: { 'docker.io': FLEET_SECRET } } }],
  }),
)
  .flatMap(roleStatements)
  .filter(({ effect }) => effect === 'Allow');

const resourcesOf = (role: string, action: string) =>
  allowed
    .filter((statement) => statement.role === role && statement.actions.includes(action))
    .flatMap(({ resources }) => resources);

describe('registry logins', () => {
  it("are read only by jobs' execution role, and only those of jobs and fleets", () => {
    expect(resourcesOf(JOB_EXECUTION, 'secretsmanager:GetSecretValue')).toEqual([OF_FLEET, FLEET_SECRET]);
    expect(allowed.filter(({ actions }) => actions.includes('secretsmanager:GetSecretValue'))).toHaveLength(
      1,
    );
  });

  it.each(['secretsmanager:CreateSecret', 'secretsmanager:DeleteSecret', 'secretsmanager:TagResource'])(
    'a manager may %s only for jobs of its fleet',
    (action) => {
      expect(resourcesOf(MANAGER, action)).toEqual([OF_FLEET]);
    },
  );

  it('the reaper may delete those of jobs, by name and tag, and read none', () => {
    const [statement, ...others] = allowed.filter(
      ({ role, actions }) => role === REAPER && actions.includes('secretsmanager:DeleteSecret'),
    );
    expect(others).toEqual([]);
    expect(statement).toMatchObject({
      actions: ['secretsmanager:DeleteSecret'],
      resources: [OF_JOBS],
      conditions: { StringEquals: { 'aws:ResourceTag/serverless-gitlab-runner:role': ['job'] } },
    });
  });

  it("a manager reads only the log of jobs' containers", () => {
    expect(resourcesOf(MANAGER, 'logs:GetLogEvents')).toEqual([expect.stringMatching(/JobLog/)]);
  });
});
