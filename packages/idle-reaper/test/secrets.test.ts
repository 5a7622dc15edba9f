import {
  DeleteSecretCommand,
  ListSecretsCommand,
  ResourceNotFoundException,
  type SecretListEntry,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { jobTaskFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { toTags } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { isOrphaned, type JobSecretFacts } from '../src/decide-secret.ts';
import { createJobSecrets } from '../src/job-secrets.ts';
import { sweep } from '../src/sweep.ts';
import { fleetFacts, minute, now } from './support/fleets.ts';
import { ago, deps, named, quiet, resetEcs } from './support/sweep.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:p/jobs/default/0-AbCdEf';
const secretOf = (over: Partial<JobSecretFacts> = {}): JobSecretFacts => ({
  arn: ARN,
  fleet: 'default',
  jobId: 42,
  createdAt: ago(61),
  ...over,
});

describe('a secret of a job that may live for an hour', () => {
  it.each<[string, Partial<JobSecretFacts>, Parameters<typeof jobTaskFacts>[0][], boolean]>([
    ['an hour old, whose job has no task, is orphaned', {}, [], true],
    ['younger than that stays, even without a task', { createdAt: ago(60) }, [], false],
    ['whose task runs stays', {}, [{ jobId: 42 }], false],
    ['whose task starts stays', {}, [{ jobId: 42, state: 'starting' }], false],
    ['whose task is stopping is orphaned', {}, [{ jobId: 42, state: 'stopping' }], true],
    ['whose task has stopped is orphaned', {}, [{ jobId: 42, state: 'stopped' }], true],
    ['is not kept by the task of another job', {}, [{ jobId: 43 }], true],
    ['is not kept by the task of another fleet', {}, [{ jobId: 42, fleet: 'other' }], true],
    ['without a job id is orphaned by its age', { jobId: undefined }, [{ jobId: 42 }], true],
  ])('%s', (_, secret, tasks, orphaned) => {
    const jobTasks = tasks.map(jobTaskFacts);
    const maxLifetimeSeconds = 3600;
    expect(isOrphaned({ secret: secretOf(secret), jobTasks, maxLifetimeSeconds, now })).toBe(orphaned);
  });
});

describe('a sweep', () => {
  beforeEach(resetEcs);

  function partsWith(secrets: JobSecretFacts[], fail: (arn: string) => boolean = () => false) {
    const removed: string[] = [];
    const { all, lines } = deps({ secrets });
    all.secrets.remove = async (arn) => {
      if (fail(arn)) throw named('AccessDeniedException');
      removed.push(arn);
      return true;
    };
    return { all, lines, removed };
  }

  it('removes orphaned secrets by ARN, since a name may have been reused by another job', async () => {
    const { all, lines, removed } = partsWith([
      secretOf({ createdAt: ago(24 * 60) }),
      secretOf({ arn: 'young', createdAt: ago(5) }),
    ]);
    expect(await sweep(all)).toMatchObject({ secrets: 1, failures: 0 });
    expect(removed).toEqual([ARN]);
    expect(lines).toContainEqual(expect.objectContaining({ message: 'secret removed', jobId: 42 }));
  });

  it.each([
    ['its document is valid', quiet, ['old', 'older', 'oldest']],
    ['its document is invalid', { ...quiet, config: undefined }, ['oldest']],
    ['it was removed', undefined, ['older', 'oldest']],
  ])('uses the maximum job lifetime of the fleet when %s', async (_, fleet, expected) => {
    const config = fleetFacts({}, { job: { maxLifetimeSeconds: 600 }, safetyLaunchSeconds: 0 }).config;
    const { all, removed } = partsWith([
      secretOf({ arn: 'old', createdAt: ago(11) }),
      secretOf({ arn: 'older', createdAt: ago(241) }),
      secretOf({ arn: 'oldest', createdAt: ago(7 * 24 * 60 + 1) }),
    ]);
    const facts = fleet && { ...fleet, config: fleet.config && config };
    all.readFleets = async () => ({
      fleets: new Map(facts ? [['default', facts]] : []),
      parameters: [],
    });
    await sweep(all);
    expect(removed).toEqual(expected);
  });

  it('removes the others when one cannot be removed, which it reports', async () => {
    const old = (arn: string) => secretOf({ arn, createdAt: ago(24 * 60) });
    const { all, lines, removed } = partsWith([old('one'), old('two')], (arn) => arn === 'one');
    await expect(sweep(all)).rejects.toThrow('1 steps');
    expect(removed).toEqual(['two']);
    expect(lines).toContainEqual(expect.objectContaining({ step: 'secret' }));
  });

  it('removes at most fifty', async () => {
    const many = Array.from({ length: 60 }, (_, index) =>
      secretOf({ arn: `${index}`, createdAt: ago(24 * 60) }),
    );
    expect(await sweep(partsWith(many).all)).toMatchObject({ secrets: 50 });
  });

  it('removes none when the fleets cannot be read', async () => {
    const { all, removed } = partsWith([secretOf({ createdAt: ago(24 * 60) })]);
    all.readFleets = () => Promise.reject(named('ThrottlingException'));
    await expect(sweep(all)).rejects.toThrow('1 steps');
    expect(removed).toEqual([]);
  });
});

describe("jobs' secrets in Secrets Manager", () => {
  const client = mockClient(SecretsManagerClient);
  let time = now;
  const secrets = () => createJobSecrets(new SecretsManagerClient({ region: 'eu-west-1' }), '/p', () => time);
  const entry = (over: Partial<SecretListEntry>, tags = {}): SecretListEntry => ({
    ARN,
    Name: 'p/jobs/default/0',
    CreatedDate: new Date(now),
    Tags: toTags({ role: 'job', fleet: 'default', jobId: '42', ...tags }).map(({ key, value }) => ({
      Key: key,
      Value: value,
    })),
    ...over,
  });

  beforeEach(() => {
    client.reset();
    time = now;
  });

  it('are checked once an hour, and at the start', () => {
    const { isDue } = secrets();
    expect([isDue(), isDue()]).toEqual([true, false]);
    time += 59 * minute;
    expect(isDue()).toBe(false);
    time += minute;
    expect([isDue(), isDue()]).toEqual([true, false]);
  });

  it('are listed by name and tag over all pages, without other secrets', async () => {
    client
      .on(ListSecretsCommand)
      .resolvesOnce({ NextToken: 'more', SecretList: [entry({}), entry({ Tags: [] })] })
      .resolvesOnce({
        SecretList: [
          entry({ Name: 'q/p/jobs/default/1' }),
          entry({}, { role: 'manager' }),
          entry({ ARN: 'second' }, { jobId: 'x' }),
        ],
      });
    const found = { arn: ARN, fleet: 'default', jobId: 42, createdAt: now };
    expect(await secrets().list()).toEqual([found, { ...found, arn: 'second', jobId: undefined }]);
    expect(client.commandCalls(ListSecretsCommand)).toHaveLength(2);
  });

  it('are removed without a recovery window', async () => {
    client.on(DeleteSecretCommand).resolves({});
    expect(await secrets().remove(ARN)).toBe(true);
    expect(client.commandCalls(DeleteSecretCommand)[0]?.args[0].input).toEqual({
      SecretId: ARN,
      ForceDeleteWithoutRecovery: true,
    });
  });

  it('may already be deleted; any other failure is thrown', async () => {
    const $metadata = {};
    client
      .on(DeleteSecretCommand)
      .rejectsOnce(new ResourceNotFoundException({ message: 'none', $metadata }))
      .rejects(named('AccessDeniedException'));
    expect(await secrets().remove(ARN)).toBe(false);
    await expect(secrets().remove(ARN)).rejects.toThrow('said so');
  });
});
