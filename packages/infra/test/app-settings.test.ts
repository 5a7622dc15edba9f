import { InvalidFleetConfigError } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import { type AppSettings, InvalidContextError, readSettings } from '../src/app-settings.ts';

function settings(context: Record<string, unknown>): AppSettings {
  return readSettings((key) => context[key]);
}

describe('CDK context', () => {
  it('may be empty: one fleet on gitlab.com, a new network, built images, all services', () => {
    expect(settings({})).toMatchObject({
      fleets: [{ name: 'default' }],
      parameterPrefix: '/serverless-gitlab-runner',
      managerCpu: 256,
      managerMemoryMiB: 1024,
      services: ['webhook-receiver', 'runner-launcher', 'idle-reaper'],
    });
    expect(settings({})).not.toHaveProperty('network');
    expect(settings({})).not.toHaveProperty('runnerImage');
  });

  it('is read the same way from cdk.json and from the command line', () => {
    const fleets = [{ name: 'docker', gitlabUrl: 'https://git.example.com' }];
    expect(settings({ fleets: JSON.stringify(fleets), managerCpu: '1024' })).toEqual(
      settings({ fleets, managerCpu: 1024 }),
    );
  });

  it.each([
    ['a prefix without a slash', { parameterPrefix: 'runner' }, /parameterPrefix/],
    ['a prefix with a slash at its end', { parameterPrefix: '/runner/' }, /parameterPrefix/],
    ['a service that does not exist', { services: '["web"]' }, /services/],
    ['no fleet at all', { fleets: '[]' }, /fleets/],
    ['fleets that are not JSON', { fleets: 'default' }, /fleets/],
    ['a network without subnets', { network: { vpcId: 'vpc-1', subnets: [] } }, /network/],
    ['a mistyped network', { network: { vpcId: 'vpc-1', subnet: ['subnet-1'] } }, /network/],
    ['an invalid port', { managerEgressPorts: '[70000]' }, /managerEgressPorts/],
    ['a budget without an amount', { budget: { email: 'ops@example.com' } }, /budget/],
    ['a topic that is not an ARN', { alarmTopicArn: 'on-call' }, /alarmTopicArn/],
  ])('with %s is rejected, and the message names the key', (_what, context, message) => {
    expect(() => settings(context)).toThrow(InvalidContextError);
    expect(() => settings(context)).toThrow(message);
  });

  it.each([
    [
      'a size that Fargate does not support',
      { name: 'big', job: { size: { cpu: 1024, memory: 512 } } },
      /"big".*cpu 1024/s,
    ],
    ['a name with capitals', { name: 'Default' }, /"Default".*fleet name/s],
    ['a mistyped setting', { name: 'default', gitlabURL: 'https://x.org' }, /"default".*"gitlabURL"/],
    ['a mistyped inner setting', { name: 'default', job: { sise: {} } }, /"default".*"job\.sise"/],
    ['a value that is not an object', 'default', /a fleet/],
  ])('with a fleet with %s is rejected at synthesis', (_what, fleet, message) => {
    expect(() => settings({ fleets: [fleet] })).toThrow(InvalidFleetConfigError);
    expect(() => settings({ fleets: [fleet] })).toThrow(message);
  });
});
