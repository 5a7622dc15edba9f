import { CloudFormationClient, ListExportsCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { exportedNames, importedNames, missingExports } from '../src/deploy/missing-exports.ts';

const cloudFormation = mockClient(CloudFormationClient);
const client = new CloudFormationClient({ region: 'eu-west-1' });

beforeEach(() => cloudFormation.reset());

it('finds the distinct imports of a template at any depth', () => {
  const reference = { 'Fn::ImportValue': 'shared:B' };
  const template = {
    a: [{ 'Fn::Join': ['', ['x', reference]] }],
    b: reference,
    c: { 'Fn::ImportValue': 'shared:A' },
  };
  expect(importedNames(template)).toEqual(['shared:A', 'shared:B']);
});

it('finds the exports of a template', () => {
  const Outputs = { One: { Value: 1, Export: { Name: 'shared:A' } }, Two: { Value: 2 } };
  expect(exportedNames({ Outputs })).toEqual(['shared:A']);
  expect(exportedNames({})).toEqual([]);
});

describe('missing exports', () => {
  it('are read once, from all pages', async () => {
    cloudFormation
      .on(ListExportsCommand, { NextToken: undefined })
      .resolves({ Exports: [{ Name: 'shared:A', Value: 'a' }], NextToken: 'more' })
      .on(ListExportsCommand, { NextToken: 'more' })
      .resolves({ Exports: [{ Name: 'shared:B', Value: 'b' }] });
    expect(await missingExports(client, ['shared:A', 'shared:B', 'shared:C'])).toEqual(['shared:C']);
    expect(cloudFormation.calls()).toHaveLength(2);
  });

  it('are not read for a template without imports', async () => {
    expect(await missingExports(client, [])).toEqual([]);
    expect(cloudFormation.calls()).toHaveLength(0);
  });
});
