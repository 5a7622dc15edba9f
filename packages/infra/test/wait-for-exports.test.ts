import { CloudFormationClient, ListExportsCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { DeployError } from '../src/deploy/run-cdk.ts';
import { importedNames, waitForExports } from '../src/deploy/wait-for-exports.ts';

const cloudFormation = mockClient(CloudFormationClient);
const client = new CloudFormationClient({ region: 'eu-west-1' });
const QUICK = { timeoutSeconds: 5, pollSeconds: 0 };
const lines: string[] = [];

beforeEach(() => {
  cloudFormation.reset();
  lines.length = 0;
});

function wait(names: string[], limits = QUICK): Promise<void> {
  return waitForExports(client, names, (line) => lines.push(line), limits);
}

function exporting(...names: string[]) {
  return { Exports: names.map((Name) => ({ Name, Value: 'a' })) };
}

describe('what a template imports', () => {
  it('is found wherever it stands, once each', () => {
    const reference = { 'Fn::ImportValue': 'shared:B' };
    const template = {
      a: [{ 'Fn::Join': ['', ['x', reference]] }],
      b: reference,
      c: { 'Fn::ImportValue': 'shared:A' },
    };
    expect(importedNames(template)).toEqual(['shared:A', 'shared:B']);
  });
});

describe('a service that is deployed', () => {
  it('does not wait when it imports nothing', async () => {
    await wait([]);
    expect(cloudFormation.calls()).toHaveLength(0);
  });

  it('does not wait when all is exported, on whatever page', async () => {
    cloudFormation
      .on(ListExportsCommand, { NextToken: undefined })
      .resolves({ ...exporting('shared:A'), NextToken: 'more' })
      .on(ListExportsCommand, { NextToken: 'more' })
      .resolves(exporting('shared:B'));
    await wait(['shared:A', 'shared:B']);
    expect(lines).toEqual([]);
  });

  it('waits for the shared stack, and says so once', async () => {
    cloudFormation
      .on(ListExportsCommand)
      .resolvesOnce(exporting())
      .resolvesOnce(exporting('shared:A'))
      .resolves(exporting('shared:A', 'shared:B'));
    await wait(['shared:A', 'shared:B']);
    expect(lines).toEqual([
      'waiting for serverless-gitlab-runner-shared, which does not export shared:A, shared:B yet',
    ]);
    expect(cloudFormation.calls()).toHaveLength(3);
  });

  it('gives up with the command that helps', async () => {
    cloudFormation.on(ListExportsCommand).resolves(exporting());
    const waiting = wait(['shared:A'], { timeoutSeconds: 0, pollSeconds: 0 });
    await expect(waiting).rejects.toThrow(DeployError);
    await expect(waiting).rejects.toThrow('npx nx deploy shared-stack');
  });
});
