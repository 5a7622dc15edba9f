import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { readFleets } from '../src/operate/read-fleets.ts';

const network = { subnets: ['subnet-1'], managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] };
const document = (name: string, rest: object = {}) => ({
  Name: `/p/fleets/${name}/config`,
  Value: JSON.stringify({ version: 1, name, network, ...rest }),
});

it('reads the deployed fleets over all pages, sorted by name, and which of their secrets are stored', async () => {
  const ssm = mockClient(SSMClient);
  ssm
    .on(GetParametersByPathCommand)
    .resolvesOnce({
      NextToken: 'more',
      Parameters: [
        document('large', { gitlabUrl: 'https://gitlab.example.com', gitlabApi: {} }),
        { Name: '/p/fleets/large/signing-token', Value: 'encrypted' },
        { Name: '/p/fleets/large/api-token', Value: 'encrypted' },
        { Name: '/p/fleets/broken/config', Value: '{"version":1}' },
        { Name: '/p/fleets/broken/runner-token', Value: 'encrypted' },
      ],
    })
    .resolvesOnce({
      Parameters: [document('default'), { Name: '/p/fleets/default/webhook-secret', Value: 'encrypted' }],
    });
  expect(await readFleets(new SSMClient({ region: 'eu-west-1' }), '/p')).toEqual([
    {
      name: 'broken',
      problem: expect.stringMatching(/^\/p\/fleets\/broken\/config: [^\n]*network[^\n]*$/),
      stored: { runnerToken: true, apiToken: false, webhookSecret: false },
    },
    {
      name: 'default',
      gitlabUrl: 'https://gitlab.com',
      usesApi: false,
      stored: { runnerToken: false, apiToken: false, webhookSecret: true },
    },
    {
      name: 'large',
      gitlabUrl: 'https://gitlab.example.com',
      usesApi: true,
      stored: { runnerToken: false, apiToken: true, webhookSecret: true },
    },
  ]);
  for (const call of ssm.commandCalls(GetParametersByPathCommand))
    expect(call.args[0].input).toMatchObject({ Path: '/p/fleets', Recursive: true, WithDecryption: false });
});
