import { describe, expect, it } from 'vitest';
import { errorAnswer, gitlabDialect } from '../src/index.ts';
import { startProxyFixture } from './proxy-fixture.ts';

describe('requests to GitLab', () => {
  it.each([
    ['POST', '/api/v4/jobs/request', 'jobs/request'],
    ['PUT', '/api/v4/jobs/17', 'jobs/update'],
    ['PATCH', '/api/v4/jobs/17/trace?debug=1', 'jobs/trace'],
    ['POST', '/api/v4/jobs/17/artifacts', 'artifacts/upload'],
    ['GET', '/api/v4/jobs/17/artifacts', 'artifacts/download'],
    ['POST', '/api/v4/runners/verify', 'runners/verify'],
    ['DELETE', '/api/v4/runners/managers', 'runners/unregister'],
    ['GET', '/acme/shop.git/info/refs?service=git-upload-pack', 'git/refs'],
    ['POST', '/acme/shop.git/git-upload-pack', 'git/fetch'],
    ['GET', '/api/v4/projects/1', 'GET /api/v4/projects/1'],
  ])('%s %s is named %s', (method, url, operation) => {
    expect(gitlabDialect.name({ method, url, headers: {} }, undefined)).toMatchObject({
      service: 'gitlab',
      operation,
    });
  });

  it("can be answered with 429 and Retry-After in GitLab's format", async () => {
    const { proxy } = await startProxyFixture();
    const answer429 = {
      code: '',
      message: 'Too Many Requests',
      status: 429,
      headers: { 'retry-after': '2' },
    };
    proxy.add({ match: {}, effect: { kind: 'answer', answer: (call) => errorAnswer(call, answer429) } });
    const answer = await fetch(`${proxy.url}/api/v4/jobs/request`, { method: 'POST', body: '{}' });
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([
      429,
      '2',
      { message: '429 Too Many Requests' },
    ]);
  });
});
