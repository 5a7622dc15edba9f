import {
  CreateSecretCommand,
  DeleteSecretCommand,
  InvalidRequestException,
  ResourceExistsException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../src/logger.ts';
import { createSecretLeases } from '../src/task/lease-secrets.ts';

const secrets = mockClient(SecretsManagerClient);
const lines: string[] = [];
/** Names of the secrets that are there, as Secrets Manager would have it. */
const there = new Set<string>();
const login = { username: 'me', password: 'planted-password' };

const manager = () =>
  createSecretLeases({
    client: new SecretsManagerClient({ region: 'eu-west-1' }),
    path: 'sgr/jobs/default/',
    fleet: 'default',
    logger: createLogger('DEBUG', (line) => lines.push(line)),
  });
const created = () => secrets.commandCalls(CreateSecretCommand).map((call) => call.args[0].input);
const deleted = () => secrets.commandCalls(DeleteSecretCommand).map((call) => call.args[0].input);

beforeEach(() => {
  secrets.reset();
  there.clear();
  lines.length = 0;
  secrets.on(CreateSecretCommand).callsFake(({ Name }) => {
    if (there.has(Name)) throw new ResourceExistsException({ message: 'exists', $metadata: {} });
    there.add(Name);
    return {};
  });
  secrets.on(DeleteSecretCommand).callsFake(({ SecretId }) => {
    there.delete(SecretId);
    return {};
  });
});

describe('a lease', () => {
  it('is a secret as ECS reads it, tagged with whose it is', async () => {
    const { name } = await manager().lease(login, 42);
    expect(name).toBe('sgr/jobs/default/0');
    expect(created()[0]).toMatchObject({ Name: name, SecretString: JSON.stringify(login) });
    expect(created()[0]?.Tags).toContainEqual({ Key: 'serverless-gitlab-runner:job-id', Value: '42' });
    expect(lines.join()).not.toContain(login.password);
  });

  it("is one job's alone, among the jobs of all managers, and its place is used again", async () => {
    const [one, other] = [manager(), manager()];
    const leases = await Promise.all([one, other, one, other].map((each) => each.lease(login, 1)));
    const names = leases.map(({ name }) => name);
    expect(new Set(names).size).toBe(4);
    await Promise.all(leases.map((lease) => lease.release()));
    expect((await one.lease(login, 2)).name).toBe('sgr/jobs/default/0');
  });

  it('takes another place where the last secret is still on its way out', async () => {
    const leaving = new InvalidRequestException({ message: 'scheduled for deletion', $metadata: {} });
    secrets.on(CreateSecretCommand).rejectsOnce(leaving).resolves({});
    expect((await manager().lease(login, 1)).name).toBe('sgr/jobs/default/1');
  });

  it('that ends is removed for good, once, and nobody fails for a removal that does', async () => {
    const lease = await manager().lease(login, 1);
    secrets.on(DeleteSecretCommand).rejects(new Error('throttled'));
    await Promise.all([lease.release(), lease.release()]);
    expect(deleted()).toEqual([{ SecretId: lease.name, ForceDeleteWithoutRecovery: true }]);
    expect(lines.join()).toContain('throttled');
  });

  it('that AWS refuses is a failure, and its place is free again', async () => {
    const leases = manager();
    secrets.on(CreateSecretCommand).rejectsOnce(new Error('AccessDenied')).resolves({});
    await expect(leases.lease(login, 1)).rejects.toThrow('AccessDenied');
    expect((await leases.lease(login, 1)).name).toBe('sgr/jobs/default/0');
  });
});
