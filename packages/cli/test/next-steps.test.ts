import { secretCommands } from '@serverless-gitlab-runner/infra/operate';
import { describe, expect, it } from 'vitest';
import { type FleetSteps, renderNextSteps } from '../src/next-steps/render-next-steps.ts';

const NONE = { runnerToken: false, apiToken: false, webhookSecret: false };
const URL = 'https://6l2zsstxoq3c3327yzh38zp79s4lmezl.lambda-url.ap-southeast-2.on.aws/';
const common = (name: string) => ({
  name,
  webhookUrl: `${URL}?fleet=${name}`,
  commands: secretCommands('/serverless-gitlab-runner', name, 'ap-southeast-2'),
});
const FLEET: FleetSteps = {
  ...common('default'),
  gitlabUrl: 'https://gitlab.com',
  usesApi: true,
  stored: NONE,
};

function render(columns: number, fleets: readonly FleetSteps[] = [FLEET]): string {
  return renderNextSteps(
    {
      region: 'ap-southeast-2',
      managerLogGroup: '/serverless-gitlab-runner/managers',
      fleets,
    },
    columns,
  ).join('\n');
}

describe.each([80, 140])('the next steps, %i columns wide', (columns) => {
  it('have no longer lines except URLs, and no colours', () => {
    const long = render(columns)
      .split('\n')
      .filter((line) => line.length > columns && !line.includes('https://'));
    expect(long).toEqual([]);
    expect(render(columns)).not.toContain('\u001b');
  });

  it('have commands that can be pasted unchanged', () => {
    const joined = render(columns).replace(/ \\\n */g, ' ');
    const put = 'aws ssm put-parameter --region ap-southeast-2 --type SecureString --overwrite --name';
    const name = '/serverless-gitlab-runner/fleets/default';
    for (const [secret, before] of [
      ['runner-token', 'read -rs SECRET;'],
      ['api-token', 'read -rs SECRET;'],
      ['webhook-secret', 'SECRET=$(openssl rand -hex 32);'],
    ])
      expect(joined).toContain(
        `    ${before} printf %s "$SECRET" | ${put} ${name}/${secret} --value file:///dev/stdin`,
      );
  });
});

it('names the URL of each fleet, and which of its secrets are stored', () => {
  const stored = { runnerToken: true, apiToken: false, webhookSecret: true };
  const screen = render(100, [
    { ...FLEET, stored },
    { ...FLEET, ...common('large'), usesApi: false },
  ]);
  expect(screen).toContain('on.aws/?fleet=default\n');
  expect(screen).toContain('on.aws/?fleet=large\n');
  expect(screen.match(/Already stored/g)).toHaveLength(2);
  expect(screen.match(/Not stored yet/g)).toHaveLength(3);
});

it('says why the document of a fleet is invalid, and still how to store its secrets', () => {
  const problem = '/serverless-gitlab-runner/fleets/broken/config is not JSON';
  const screen = render(100, [{ ...common('broken'), problem, stored: NONE }]);
  expect(screen.replaceAll(/\s+/g, ' ')).toContain(
    `Fleet broken, whose document is invalid: ${problem} 1. Runner`,
  );
  expect(screen).toContain('on.aws/?fleet=broken\n');
  expect(screen).not.toContain('API token');
});
