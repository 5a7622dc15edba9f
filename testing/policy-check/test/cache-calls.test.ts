import { beforeAll, expect, it } from 'vitest';
import { synthesise } from '../src/synthesise.ts';
import { resourcesOf, type Templates } from '../src/template.ts';
import { callOf, refusedOf } from './support/recorded.ts';

const BUCKET = 'serverless-gitlab-runner-shared-sharedcachebucket-1a2b3c';
const ROLE = 'SharedFleetdefaultCacheRole';
const object = (Bucket: string) => ({ Bucket, Key: 'default/runner/abcdefghi/project/7/deps-protected' });

let templates: Templates;
let cacheRoleArn: string;

beforeAll(async () => {
  templates = await synthesise();
  const role = resourcesOf(templates, 'AWS::IAM::Role').find(({ id }) => id.startsWith(ROLE));
  cacheRoleArn = `arn:aws:iam::000000000000:role/${role?.stack}-${role?.id}`;
});

it.each(['GetObject', 'PutObject'])("a cache URL may %s in the cache's bucket", async (operation) => {
  expect(await refusedOf(callOf(ROLE, 's3', operation, object(BUCKET)), templates)).toEqual([]);
});

it.each(['GetObject', 'HeadObject', 'PutObject'])(
  'a cache URL may not %s in another bucket',
  async (operation) => {
    const action = operation === 'PutObject' ? 's3:PutObject' : 's3:GetObject';
    const refused = await refusedOf(callOf(ROLE, 's3', operation, object('production-data')), templates);
    expect(refused).toEqual([expect.stringContaining(action)]);
  },
);

it("a manager may assume the cache's role and no other", async () => {
  const assume = (RoleArn: string) =>
    refusedOf(callOf('manager', 'sts', 'AssumeRole', { RoleArn }), templates);
  expect(await assume(cacheRoleArn)).toEqual([]);
  expect(await assume('arn:aws:iam::000000000000:role/Admin')).toEqual([
    expect.stringContaining('sts:AssumeRole'),
  ]);
});

it.each(['manager', 'SharedFleetdefaultJobExecutionRole'])(
  '%s may not access the bucket directly',
  async (caller) => {
    const refused = await refusedOf(callOf(caller, 's3', 'GetObject', object(BUCKET)), templates);
    expect(refused).toEqual([expect.stringContaining('s3:GetObject')]);
  },
);
