import { beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { call, type Fixture, runningJob, singleStage, startFixture } from './helpers.ts';

let fixture: Fixture;
let headers: Record<string, string>;
beforeAll(async () => {
  fixture = await startFixture();
  headers = { 'PRIVATE-TOKEN': fixture.gitlab.privateToken };
});

it('shows a job with its tags, by the id or the path of its project', async () => {
  const { gitlab, project } = fixture;
  const [job] = (await gitlab.createPipeline(project, singleStage({ tags: ['arm', 'big'] }))).jobs;
  for (const name of [project.id, encodeURIComponent(project.path)]) {
    const response = await call(gitlab, 'GET', `/projects/${name}/jobs/${job?.id}`, { headers });
    expect(await response.json()).toMatchObject({
      id: job?.id,
      status: 'pending',
      tag_list: ['arm', 'big'],
      runner: null,
      pipeline: { project_id: project.id, ref: 'main' },
    });
  }
});

it('lists jobs by scope', async () => {
  const { gitlab, project } = fixture;
  const running = await runningJob(fixture);
  const list = async (scope: string) => {
    const response = await call(gitlab, 'GET', `/projects/${project.id}/jobs?${scope}`, { headers });
    return z.array(z.looseObject({ id: z.number(), status: z.string() })).parse(await response.json());
  };
  expect((await list('scope[]=running')).map(({ id }) => id)).toEqual([running.id]);
  expect((await list('scope[]=pending')).every(({ status }) => status === 'pending')).toBe(true);
  expect(await list('scope[]=pending&scope[]=running')).toHaveLength((await list('')).length);
});

it('paginates jobs as GitLab does', async () => {
  const { gitlab, project } = await startFixture();
  await gitlab.createPipeline(project, singleStage(...Array.from({ length: 25 }, () => ({}))));
  const list = async (query: string) => {
    const own = { headers: { 'PRIVATE-TOKEN': gitlab.privateToken } };
    const response = await call(gitlab, 'GET', `/projects/${project.id}/jobs?scope[]=pending${query}`, own);
    return [z.array(z.unknown()).parse(await response.json()).length, response.headers.get('x-next-page')];
  };
  expect(await list('')).toEqual([20, '2']);
  expect(await list('&page=2')).toEqual([5, '']);
  expect(await list('&per_page=100')).toEqual([25, '']);
});

it('shows whether a branch is protected', async () => {
  const { gitlab, project } = fixture;
  await gitlab.pushCommit(project, { files: { x: 'x' }, message: 'topic', branch: 'topic/1' });
  const branch = async (name: string) =>
    (await call(gitlab, 'GET', `/projects/${project.id}/repository/branches/${name}`, { headers })).json();
  expect(await branch('main')).toMatchObject({ name: 'main', protected: true, default: true });
  expect(await branch('topic%2F1')).toMatchObject({ name: 'topic/1', protected: false, default: false });
});

it('creates a runner whose token works, and lists its managers', async () => {
  const { gitlab } = fixture;
  const body = { runner_type: 'instance_type', tag_list: 'a,b', description: 'made by API' };
  const created = await call(gitlab, 'POST', '/user/runners', { headers, body });
  expect(created.status).toBe(201);
  const { id, token } = z.looseObject({ id: z.number(), token: z.string() }).parse(await created.json());
  expect(token).toMatch(/^glrt-/);
  expect(gitlab.runners.get(id)).toMatchObject({ tags: ['a', 'b'], description: 'made by API' });
  await call(gitlab, 'POST', '/runners/verify', {
    body: { token, system_id: 's_1', info: { version: '18.6.0' } },
  });
  const managers = await call(gitlab, 'GET', `/runners/${id}/managers`, { headers });
  expect(await managers.json()).toMatchObject([{ system_id: 's_1', version: '18.6.0' }]);
});

it.each([
  ['a job of an unknown project', '/projects/99/jobs/1', true, 404],
  ['a job that does not exist', '/projects/1/jobs/99', true, 404],
  ['a branch that does not exist', '/projects/1/repository/branches/none', true, 404],
  ['a tag', '/projects/1/repository/tags/v1', true, 404],
  ['a branch with a wrong token', '/projects/1/repository/branches/main', false, 401],
  ['a runner that does not exist', '/runners/99/managers', true, 404],
  ['anything with a wrong token', '/projects/1/jobs', false, 401],
])('rejects a request for %s', async (_title, path, validToken, status) => {
  const response = await call(
    fixture.gitlab,
    'GET',
    path,
    validToken ? { headers } : { headers: { 'PRIVATE-TOKEN': 'x' } },
  );
  expect(response.status).toBe(status);
});
