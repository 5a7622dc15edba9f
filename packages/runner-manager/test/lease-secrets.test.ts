import {
  CreateSecretCommand,
  DeleteSecretCommand,
  ResourceExistsException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../src/logger.ts';
import { createSecretLeases, maxLeaseAgeMsOf } from '../src/task/lease-secrets.ts';
import { fleetOf } from './support/fleet.ts';

const secrets = mockClient(SecretsManagerClient);
const lines: string[] = [];
let now = 0;
/** Names of the existing secrets, according to the calls to Secrets Manager. */
const there = new Set<string>();
const login = { username: 'me', password: 'planted-password' };

const manager = () =>
  createSecretLeases({
    client: new SecretsManagerClient({ region: 'eu-west-1' }),
    path: 'sgr/jobs/default/',
    fleet: 'default',
    maxLeaseAgeMs: 1000,
    now: () => now,
    logger: createLogger('DEBUG', (line) => lines.push(line)),
  });
const created = () => secrets.commandCalls(CreateSecretCommand).map((call) => call.args[0].input);
const deleted = () => secrets.commandCalls(DeleteSecretCommand).map((call) => call.args[0].input);

beforeEach(() => {
  secrets.reset();
  there.clear();
  lines.length = 0;
  now = 0;
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

const NAME = /^sgr\/jobs\/default\/[0-9a-f]{24}$/;
const other = { username: 'me', password: 'another-password' };

describe('a lease', () => {
  it("is a secret in ECS's format, tagged with its fleet and job", async () => {
    const { name } = await manager().lease(login, 42);
    expect(name).toMatch(NAME);
    expect(created()[0]).toMatchObject({ Name: name, SecretString: JSON.stringify(login) });
    expect(created()[0]?.Tags).toContainEqual({ Key: 'serverless-gitlab-runner:job-id', Value: '42' });
    expect(lines.join()).not.toContain(login.password);
  });

  it('has a unique name, also for the same login at another time or in another manager', async () => {
    const [one, two] = [manager(), manager()];
    const first = await one.lease(login, 1);
    const names = [first.name, (await one.lease(other, 2)).name, (await two.lease(login, 3)).name];
    await first.release();
    names.push((await one.lease(login, 4)).name);
    expect(new Set(names).size).toBe(4);
  });

  it('is shared by concurrent jobs with the same login, and deleted with the last one', async () => {
    const leases = manager();
    const [one, two] = await Promise.all([leases.lease(login, 1), leases.lease(login, 2)]);
    expect(two.name).toBe(one.name);
    await one.release();
    await one.release();
    expect(deleted()).toEqual([]);
    await two.release();
    expect(deleted()).toEqual([{ SecretId: one.name, ForceDeleteWithoutRecovery: true }]);
  });

  it('is not shared again once the reaper may delete it, even if others still use it', async () => {
    const leases = manager();
    const first = await leases.lease(login, 1);
    now = 999;
    const second = await leases.lease(login, 2);
    expect(second.name).toBe(first.name);
    await first.release();
    now = 1000;
    const third = await leases.lease(login, 3);
    expect(third.name).not.toBe(first.name);
    await second.release();
    expect(deleted()).toEqual([{ SecretId: first.name, ForceDeleteWithoutRecovery: true }]);
    const fourth = await leases.lease(login, 4);
    expect(fourth.name).toBe(third.name);
  });

  it.each([
    [14_400, 600, 13_800_000],
    [300, 3600, 0],
  ])(
    'may be lent until a start would outlast it: lifetime %i s, start %i s',
    (maxLifetimeSeconds, startTimeoutSeconds, ms) => {
      const { job } = fleetOf();
      expect(maxLeaseAgeMsOf({ job: { ...job, maxLifetimeSeconds, startTimeoutSeconds } })).toBe(ms);
    },
  );

  it('is deleted without recovery, once, and a failed deletion does not reject', async () => {
    const lease = await manager().lease(login, 1);
    secrets.on(DeleteSecretCommand).rejects(new Error('throttled'));
    await Promise.all([lease.release(), lease.release()]);
    expect(deleted()).toEqual([{ SecretId: lease.name, ForceDeleteWithoutRecovery: true }]);
    expect(lines.join()).toContain('throttled');
  });

  it('that AWS refuses fails for all that wait for it, and the next one retries', async () => {
    const leases = manager();
    secrets.on(CreateSecretCommand).rejectsOnce(new Error('AccessDenied')).resolves({});
    const waiting = [leases.lease(login, 1), leases.lease(login, 2)];
    for (const lease of waiting) await expect(lease).rejects.toThrow('AccessDenied');
    expect((await leases.lease(login, 1)).name).toMatch(NAME);
  });
});
