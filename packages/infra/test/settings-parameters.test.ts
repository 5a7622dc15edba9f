import { describe, expect, it } from 'vitest';
import { stackOf } from './support/synthesise.ts';

/** Values of the parameters with settings, by the last part of their names. */
function written(context: object): Record<string, unknown> {
  const parameters = Object.values(stackOf('shared', { ...context }).findResources('AWS::SSM::Parameter'));
  return Object.fromEntries(
    parameters
      .map(({ Properties }) => [String(Properties.Name), String(Properties.Value)] as const)
      .filter(([name]) => name.includes('/settings/'))
      .map(([name, value]) => [name.replace('/serverless-gitlab-runner/settings/', ''), JSON.parse(value)]),
  );
}

const images = { runnerImage: 'registry.test/runner:1', jobBaseImage: 'registry.test/job-base:1' };

describe('the settings of a deployment are kept in Parameter Store', () => {
  it('as written, without defaults, each fleet by itself', () => {
    const fleets = [{ name: 'default' }, { name: 'arm', manager: { max: 3 } }];
    expect(written({ fleets, logLevel: 'DEBUG', cache: { expireDays: 7 } })).toEqual({
      installation: { ...images, logLevel: 'DEBUG', cache: { expireDays: 7 } },
      'fleets/default': { name: 'default' },
      'fleets/arm': { name: 'arm', manager: { max: 3 } },
    });
  });

  it('whether they come from a file or the command line', () => {
    const fleets = [{ name: 'default', manager: { max: 2 } }];
    const fromCommandLine = { fleets: JSON.stringify(fleets), managerCpu: '512', runnerImage: '123' };
    expect(written(fromCommandLine)).toEqual(written({ fleets, managerCpu: 512, runnerImage: '123' }));
    expect(written(fromCommandLine).installation).toMatchObject({ managerCpu: 512, runnerImage: '123' });
  });

  it('not which stacks one deployment selects', () => {
    expect(written({ services: '["idle-reaper"]' })).toEqual(written({}));
  });

  it('and another deployment with them writes the same', () => {
    const first = written({ fleets: [{ name: 'default', job: { capacity: ['FARGATE_SPOT'] } }], cache: {} });
    const again = { ...(first.installation as object), fleets: [first['fleets/default']] };
    expect(written(again)).toEqual(first);
  });
});
