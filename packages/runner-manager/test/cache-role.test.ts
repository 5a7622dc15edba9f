import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../src/logger.ts';
import { cacheSessionPolicy, createCacheRole, runnerCache } from '../src/manager/cache-role.ts';
import { openCache } from '../src/manager/open-cache.ts';
import { fleetOf } from './support/fleet.ts';

const ROLE = 'arn:aws:iam::123456789012:role/cache';
const MINUTE = 60_000;
const fleet = fleetOf({ cache: { bucket: 'caches', roleArn: ROLE } });
const sts = mockClient(STSClient);
const client = new STSClient({ region: 'eu-west-1' });
let lines: string[];
const logger = createLogger('DEBUG', (line) => lines.push(line));

beforeEach(() => {
  lines = [];
  sts.reset();
  let made = 0;
  sts.on(AssumeRoleCommand).callsFake(() => {
    made += 1;
    const Expiration = new Date(Date.now() + 60 * MINUTE);
    const Credentials = {
      AccessKeyId: `ASIA${made}`,
      SecretAccessKey: 'secret',
      SessionToken: 'token',
      Expiration,
    };
    return { Credentials };
  });
});

function cacheOf(more: object = {}) {
  const cache = runnerCache(
    fleetOf({ cache: { bucket: 'caches', roleArn: ROLE, ...more } }),
    'eu-west-1',
    undefined,
  );
  if (cache === undefined) throw new Error('the fleet has a cache');
  return cache;
}

describe("a fleet's cache", () => {
  it("defaults to the manager's region and the fleet's name as prefix", () => {
    expect(cacheOf()).toMatchObject({ region: 'eu-west-1', prefix: 'default', shared: false });
    const told = { region: 'us-east-1', prefix: 'ci/caches', shared: true };
    expect(cacheOf(told)).toMatchObject(told);
    expect(runnerCache(fleetOf(), 'eu-west-1', undefined)).toBeUndefined();
  });
});

describe('the role of the cache', () => {
  it("is restricted to the fleet's objects, whatever the role itself may do", () => {
    expect(JSON.parse(cacheSessionPolicy(cacheOf())).Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject'],
        Resource: 'arn:aws:s3:::caches/default/*',
      },
      { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: 'arn:aws:s3:::caches' },
    ]);
    const elsewhere = { roleArn: ROLE.replace('aws', 'aws-cn') };
    expect(cacheSessionPolicy(cacheOf(elsewhere))).toContain('arn:aws-cn:s3:::caches/default/*');
  });

  it('is assumed once for concurrent callers, and again before the credentials expire', async () => {
    let now = Date.now();
    const credentials = createCacheRole(client, cacheOf(), () => now);
    const [first, ...others] = await Promise.all([credentials(), credentials(), credentials()]);
    for (const other of others) expect(other).toBe(first);
    const left = Date.parse(first?.Expiration ?? '') - now;
    // A URL that is signed at the last moment still holds for half an hour.
    expect(left).toBeGreaterThan(29 * MINUTE);
    expect(left).toBeLessThanOrEqual(30 * MINUTE + 1000);
    now += 19 * MINUTE;
    expect(await credentials()).toBe(first);
    now += 2 * MINUTE;
    expect((await credentials()).AccessKeyId).toBe('ASIA2');
    expect(sts.commandCalls(AssumeRoleCommand)[0]?.args[0].input).toMatchObject({
      RoleArn: ROLE,
      DurationSeconds: 3600,
      Policy: cacheSessionPolicy(cacheOf()),
    });
  });

  it('keeps valid credentials while STS does not answer', async () => {
    let now = Date.now();
    const credentials = createCacheRole(client, cacheOf(), () => now);
    const first = await credentials();
    sts.on(AssumeRoleCommand).rejects(new Error('connect ETIMEDOUT'));
    now += 25 * MINUTE;
    expect(await credentials()).toBe(first);
    now += 10 * MINUTE;
    await expect(credentials()).rejects.toThrow('ETIMEDOUT');
  });
});

describe("the runner's credentials endpoint", () => {
  let close: () => void;
  afterEach(() => close());

  const open = async () => {
    const opened = await openCache(fleet, client, 'http://s3:4566', logger);
    close = opened.close;
    const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url = '', AWS_CONTAINER_AUTHORIZATION_TOKEN: token = '' } =
      opened.environment;
    return { url, token, cache: opened.cache };
  };

  it("is on the loopback address, and answers like ECS's to clients with the token", async () => {
    const { url, token, cache } = await open();
    // Of other hosts minio-go and the SDKs take nothing over plain HTTP.
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
    expect(cache).toMatchObject({ bucket: 'caches', endpoint: 'http://s3:4566' });
    const answer = await fetch(url, { headers: { authorization: token } });
    expect(answer.status).toBe(200);
    expect(Object.keys(Object(await answer.json())).sort()).toEqual([
      ...['AccessKeyId', 'Expiration', 'SecretAccessKey', 'Token'],
    ]);
  });

  it.each([undefined, '', 'x', 'f'.repeat(64)])('answers 401 to the token %o', async (token) => {
    const { url } = await open();
    const answer = await fetch(url, token === undefined ? {} : { headers: { authorization: token } });
    expect(answer.status).toBe(401);
    expect(sts.commandCalls(AssumeRoleCommand)).toHaveLength(0);
  });

  it('answers 403 when the role may not be assumed, and logs why jobs have no cache', async () => {
    sts.on(AssumeRoleCommand).rejects(new Error('not authorized to perform sts:AssumeRole'));
    const { url, token } = await open();
    const answer = await fetch(url, { headers: { authorization: token } });
    expect(answer.status).toBe(403);
    expect(lines.join()).toMatch(/jobs run without a cache.*not authorized/);
  });
});

it('a fleet without a cache opens nothing', async () => {
  const opened = await openCache(fleetOf(), client, undefined, logger);
  expect(opened).toMatchObject({ cache: undefined, environment: {} });
  opened.close();
});
