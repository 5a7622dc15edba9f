import { CreateServiceLinkedRoleCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, expect, it } from 'vitest';
import { ensureServiceLinkedRole } from '../src/deploy/service-linked-role.ts';

const iam = mockClient(IAMClient);
const client = new IAMClient({ region: 'us-east-1' });
let lines: string[];

beforeEach(() => {
  iam.reset();
  lines = [];
});

const ensure = () => ensureServiceLinkedRole(client, (line) => void lines.push(line));

function error(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

it('creates the role and waits until IAM shows it', async () => {
  iam.on(CreateServiceLinkedRoleCommand, { AWSServiceName: 'ecs.amazonaws.com' }).resolves({});
  iam.on(GetRoleCommand).rejectsOnce(error('NoSuchEntityException', 'not there')).resolves({});
  expect(await ensure()).toBe('created');
  expect(iam.commandCalls(GetRoleCommand)).toHaveLength(2);
  expect(lines).toEqual([expect.stringContaining('Created AWSServiceRoleForECS')]);
});

it('treats "has been taken in this account" as success, without a log line', async () => {
  const taken =
    'Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix.';
  iam.on(CreateServiceLinkedRoleCommand).rejects(error('InvalidInputException', taken));
  iam.on(GetRoleCommand).resolves({});
  expect(await ensure()).toBe('exists');
  expect(lines).toEqual([]);
});

it('explains the consequence if the credentials may not create it, and continues', async () => {
  iam.on(CreateServiceLinkedRoleCommand).rejects(error('AccessDenied', 'is not authorized to perform'));
  expect(await ensure()).toBe('not-allowed');
  expect(lines).toEqual([expect.stringContaining('iam:CreateServiceLinkedRole')]);
  expect(iam.commandCalls(GetRoleCommand)).toHaveLength(0);
});

it('continues if the role may not be read', async () => {
  iam.on(CreateServiceLinkedRoleCommand).resolves({});
  iam.on(GetRoleCommand).rejects(error('AccessDenied', 'no iam:GetRole'));
  expect(await ensure()).toBe('created');
});

it('rethrows other errors', async () => {
  iam.on(CreateServiceLinkedRoleCommand).rejects(error('ServiceFailureException', 'later'));
  await expect(ensure()).rejects.toThrow('later');
});
