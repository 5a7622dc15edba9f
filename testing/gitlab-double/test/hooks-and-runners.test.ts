import { describe, expect, it } from 'vitest';
import { call, type Fixture, startFixture } from './helpers.ts';

async function get({ gitlab }: Fixture, path: string, token = gitlab.privateToken) {
  const response = await call(gitlab, 'GET', path, { headers: { 'PRIVATE-TOKEN': token } });
  return { status: response.status, body: await response.json() };
}

describe('the webhooks of a project', () => {
  it('are listed with their events and whether GitLab has disabled them, but without their secret', async () => {
    const fixture = await startFixture();
    const { gitlab, project } = fixture;
    gitlab.addWebhook({ url: 'https://everywhere.example.com/', token: 's3cret' });
    const hook = gitlab.addWebhook({
      url: 'https://hooks.example.com/?fleet=x',
      token: 's3cret',
      projectId: project.id,
      events: { job: true, pipeline: false },
    });
    const list = async () => (await get(fixture, `/projects/${project.id}/hooks`)).body;
    const expected = {
      id: hook.id,
      url: 'https://hooks.example.com/?fleet=x',
      project_id: project.id,
      job_events: true,
      pipeline_events: false,
      alert_status: 'executable',
      disabled_until: null,
    };
    expect(await list()).toEqual([expect.objectContaining(expected)]);
    expect(JSON.stringify(await list())).not.toContain('s3cret');
    const until = Date.now() + 60_000;
    hook.health = { failures: 4, disabledUntil: until };
    expect(await list()).toEqual([
      expect.objectContaining({
        alert_status: 'temporarily_disabled',
        disabled_until: new Date(until).toISOString(),
      }),
    ]);
    hook.health = { failures: 40, disabledUntil: Number.POSITIVE_INFINITY };
    expect(await list()).toEqual([
      expect.objectContaining({ alert_status: 'disabled', disabled_until: null }),
    ]);
  });
});

describe('runners', () => {
  it('are listed for a project, and shown with their tags', async () => {
    const fixture = await startFixture();
    const { gitlab, project } = fixture;
    const runner = gitlab.createRunner({
      tags: ['arm'],
      description: 'fleet',
      paused: true,
      runUntagged: false,
    });
    const { body } = await get(fixture, `/projects/${project.id}/runners`);
    expect(body).toContainEqual(
      expect.objectContaining({ id: runner.id, paused: true, active: false, status: 'never_contacted' }),
    );
    expect(body).not.toContainEqual(expect.objectContaining({ tag_list: expect.anything() }));
    expect((await get(fixture, `/runners/${runner.id}`)).body).toMatchObject({
      id: runner.id,
      description: 'fleet',
      tag_list: ['arm'],
      run_untagged: false,
      access_level: 'not_protected',
      contacted_at: null,
    });
  });

  it('are not shown to others, nor if they do not exist', async () => {
    const fixture = await startFixture();
    const { project } = fixture;
    for (const path of [`/projects/${project.id}/hooks`, `/projects/${project.id}/runners`, '/runners/1'])
      expect((await get(fixture, path, 'another token')).status).toBe(401);
    expect((await get(fixture, '/runners/999')).status).toBe(404);
  });
});

describe('changing webhooks', () => {
  const change = (gitlab: Fixture['gitlab'], method: string, path: string, body?: object, token?: string) =>
    call(gitlab, method, path, {
      headers: { 'PRIVATE-TOKEN': token ?? gitlab.privateToken },
      ...(body ? { body } : {}),
    });

  it('replaces the secret, keeps what the request lacks, and needs the scope api', async () => {
    const { gitlab, project } = await startFixture();
    const hook = gitlab.addWebhook({
      url: 'https://a.example.com/',
      token: 'old',
      projectId: project.id,
      events: { job: true, pipeline: false },
    });
    const path = `/projects/${project.id}/hooks/${hook.id}`;
    const body = { url: hook.url, token: 'new' };
    expect((await change(gitlab, 'PUT', path, body, gitlab.readApiToken)).status).toBe(403);
    expect((await change(gitlab, 'PUT', path, { token: 'new' })).status).toBe(400);
    expect(hook.token).toBe('old');
    expect((await change(gitlab, 'PUT', path, body)).status).toBe(200);
    expect(hook).toMatchObject({ token: 'new', events: { job: true, pipeline: false } });
    await change(gitlab, 'PUT', path, { url: 'https://b.example.com/' });
    expect(hook.token).toBeNull();
  });

  it('deletes one of its own place only', async () => {
    const { gitlab, project } = await startFixture();
    const namespace = project.path.slice(0, project.path.lastIndexOf('/'));
    const hook = gitlab.addWebhook({ url: 'https://a.example.com/', group: namespace });
    expect((await change(gitlab, 'DELETE', `/projects/${project.id}/hooks/${hook.id}`)).status).toBe(404);
    const group = encodeURIComponent(namespace);
    expect((await change(gitlab, 'DELETE', `/groups/nobody/hooks/${hook.id}`)).status).toBe(404);
    expect((await change(gitlab, 'DELETE', `/groups/${group}/hooks/${hook.id}`)).status).toBe(204);
    expect(gitlab.webhooks.size).toBe(0);
  });
});

describe("a runner's token", () => {
  it('is replaced by whoever has it, and the old one is refused from then on', async () => {
    const { gitlab } = await startFixture();
    const runner = gitlab.createRunner();
    const old = runner.token;
    const reset = (token: string) =>
      call(gitlab, 'POST', '/runners/reset_authentication_token', { body: { token } });
    const answer = await reset(old);
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({ token: runner.token, token_expires_at: null });
    expect(runner.token).not.toBe(old);
    expect((await reset(old)).status).toBe(403);
  });
});
