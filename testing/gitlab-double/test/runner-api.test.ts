import { beforeAll, describe, expect, it } from 'vitest';
import { call, type Fixture, idOf, runningJob, singleStage, startFixture } from './helpers.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});

describe('the status codes of the runner API', () => {
  type Row = [title: string, method: string, path: string, body: (token: string) => unknown, status: number];
  const rows: Row[] = [
    ['verifies a known token', 'POST', '/runners/verify', (token) => ({ token, system_id: 's_1' }), 200],
    ['rejects a wrong token to verify', 'POST', '/runners/verify', () => ({ token: 'glrt-wrong' }), 403],
    ['requires a token to verify', 'POST', '/runners/verify', () => ({}), 400],
    [
      'rejects registration tokens',
      'POST',
      '/runners',
      () => ({ token: 'GR1348941abc', run_untagged: true }),
      410,
    ],
    ['rejects a repeated registration', 'POST', '/runners', (token) => ({ token }), 403],
    ['has no job for a runner', 'POST', '/jobs/request', (token) => ({ token, info: {} }), 204],
    ['assigns no job to a wrong token', 'POST', '/jobs/request', () => ({ token: 'glrt-wrong' }), 403],
    ['requires a token for a job', 'POST', '/jobs/request', () => ({ info: {} }), 400],
    ['rejects a token that is a number', 'POST', '/jobs/request', () => ({ token: 5 }), 400],
    [
      'rejects a feature that is not a boolean',
      'POST',
      '/jobs/request',
      (token) => ({ token, info: { features: { masking: 'yes' } } }),
      400,
    ],
    ['rejects a body without a JSON content type', 'POST', '/jobs/request', () => 'token=abc', 415],
    ['requires a system_id', 'DELETE', '/runners/managers', (token) => ({ token }), 400],
    [
      'does not find an unknown manager',
      'DELETE',
      '/runners/managers',
      (token) => ({ token, system_id: 's_nobody' }),
      404,
    ],
    [
      'removes no manager for a wrong token',
      'DELETE',
      '/runners/managers',
      () => ({ token: 'glrt-wrong', system_id: 's_1' }),
      403,
    ],
    ['removes no runner for a wrong token', 'DELETE', '/runners', () => ({ token: 'glrt-wrong' }), 403],
    ['rejects an update of an unknown job', 'PUT', '/jobs/99', () => ({ token: 'x', state: 'running' }), 403],
    ['serves no artifacts without a token', 'GET', '/jobs/99/artifacts', () => undefined, 401],
    ['does not find an unknown route', 'POST', '/jobs/request/again', () => ({}), 404],
  ];

  it.each(rows)('%s', async (_title, method, path, body, status) => {
    const response = await call(fixture.gitlab, method, path, { body: body(fixture.runner.token) });
    expect(response.status).toBe(status);
  });

  it('records requests that a well-behaved runner would not send, with the reason', () => {
    const recorded = fixture.gitlab.protocolErrors.map(({ status, path }) => `${status} ${path}`);
    expect(recorded).toContain('415 /api/v4/jobs/request');
    expect(recorded).toContain('404 /api/v4/jobs/request/again');
    expect(recorded).not.toContain('403 /api/v4/jobs/request');
    expect(fixture.gitlab.protocolErrors.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('info.features.masking is invalid'),
    );
  });
});

describe('a runner and its managers', () => {
  it('accepts the token in the RUNNER-TOKEN header', async () => {
    const headers = { 'RUNNER-TOKEN': fixture.runner.token };
    const response = await call(fixture.gitlab, 'POST', '/runners/verify', { headers, body: {} });
    expect(await response.json()).toMatchObject({ id: fixture.runner.id, token: fixture.runner.token });
  });

  it('has a record of every manager, with its info, until the manager unregisters', async () => {
    const { gitlab } = fixture;
    const runner = gitlab.createRunner();
    const body = { token: runner.token, system_id: 's_one', info: { version: '18.6.0', executor: 'custom' } };
    await call(gitlab, 'POST', '/jobs/request', { body });
    await call(gitlab, 'POST', '/jobs/request', { body });
    await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
    expect([...runner.managers.keys()]).toEqual(['s_one', '<legacy>']);
    expect(runner.managers.get('s_one')).toMatchObject({ jobRequests: 2, info: { version: '18.6.0' } });

    const removal = { body: { token: runner.token, system_id: 's_one' } };
    expect((await call(gitlab, 'DELETE', '/runners/managers', removal)).status).toBe(204);
    expect([...runner.managers.keys()]).toEqual(['<legacy>']);
  });

  it.each(['revoked by an owner', 'unregistered'])('is answered 403 after it was %s', async (how) => {
    const { gitlab } = fixture;
    const runner = gitlab.createRunner();
    if (how === 'revoked by an owner') gitlab.revokeRunner(runner.id);
    else
      expect((await call(gitlab, 'DELETE', '/runners', { body: { token: runner.token } })).status).toBe(204);
    expect((await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } })).status).toBe(403);
  });

  it('has unknown fields recorded while its request is accepted', async () => {
    const body = { token: fixture.runner.token, info: { colour: 'red' }, mood: 1 };
    expect((await call(fixture.gitlab, 'POST', '/jobs/request', { body })).status).toBe(204);
    expect([...fixture.gitlab.unknownFields]).toEqual([
      'POST /api/v4/jobs/request: info.colour',
      'POST /api/v4/jobs/request: mood',
    ]);
  });
});

describe('job assignment', () => {
  it('assigns each job once to concurrent requests', async () => {
    const { gitlab, project, runner } = fixture;
    const pipeline = await gitlab.createPipeline(project, singleStage({}, {}, {}));
    const request = () => call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
    const answers = await Promise.all([request(), request(), request(), request(), request()]);
    const assigned = await Promise.all(answers.filter(({ status }) => status === 201).map(idOf));
    expect(assigned.sort()).toEqual(pipeline.jobs.map(({ id }) => id));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(2);
  });

  it.each([
    { runnerTags: [], untagged: true, jobTags: [], status: 201 },
    { runnerTags: ['arm'], untagged: true, jobTags: ['arm'], status: 201 },
    { runnerTags: ['arm'], untagged: true, jobTags: ['arm', 'big'], status: 204 },
    { runnerTags: ['arm'], untagged: false, jobTags: [], status: 204 },
  ])(
    'answers $status to a runner with tags $runnerTags for a job with tags $jobTags',
    async ({ runnerTags, untagged, jobTags, status }) => {
      const { gitlab, project } = fixture;
      const runner = gitlab.createRunner({ tags: runnerTags, runUntagged: untagged });
      const pipeline = await gitlab.createPipeline(project, singleStage({ tags: jobTags }));
      const response = await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
      expect(response.status).toBe(status);
      for (const { id } of pipeline.jobs) gitlab.cancelJob(id);
    },
  );

  it('assigns only jobs of protected branches to a protected runner', async () => {
    const { gitlab, project } = fixture;
    await gitlab.pushCommit(project, { files: { x: 'x' }, message: 'topic', branch: 'topic' });
    const runner = gitlab.createRunner({ accessLevel: 'ref_protected' });
    const request = () => call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
    const topic = await gitlab.createPipeline(project, { ...singleStage({}), ref: 'topic' });
    expect((await request()).status).toBe(204);
    await gitlab.createPipeline(project, { ...singleStage({}), ref: 'main' });
    expect((await request()).status).toBe(201);
    for (const { id } of topic.jobs) gitlab.cancelJob(id);
  });

  it('assigns no job to a paused runner', async () => {
    const { gitlab, project } = fixture;
    const runner = gitlab.createRunner({ paused: true });
    const pipeline = await gitlab.createPipeline(project, singleStage({}));
    const request = () => call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
    expect((await request()).status).toBe(204);
    gitlab.pauseRunner(runner.id, false);
    expect((await request()).status).toBe(201);
    expect(pipeline.jobs[0]).toMatchObject({ status: 'running', runner });
  });

  it('assigns no job while the queue value is unchanged', async () => {
    const { gitlab, project, runner } = fixture;
    const request = (last_update: string) =>
      call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token, last_update } });
    const first = (await request('')).headers.get('x-gitlab-last-update') ?? '';
    expect((await request(first)).headers.get('x-gitlab-last-update')).toBe(first);
    await gitlab.createPipeline(project, singleStage({}));
    expect((await request(first)).status).toBe(201);
  });
});

describe('a held job request', () => {
  let held: Fixture;
  beforeAll(async () => {
    held = await startFixture({ longPollMs: 30_000 });
  });

  async function lastUpdate(): Promise<string> {
    const response = await call(held.gitlab, 'POST', '/jobs/request', { body: { token: held.runner.token } });
    return response.headers.get('x-gitlab-last-update') ?? '';
  }

  it('is answered when a job is queued', async () => {
    const body = { token: held.runner.token, last_update: await lastUpdate() };
    const waiting = call(held.gitlab, 'POST', '/jobs/request', { body });
    await held.gitlab.waitUntil(() => requests() === 2);
    await held.gitlab.createPipeline(held.project, singleStage({}));
    expect((await waiting).status).toBe(201);
  });

  it('assigns no job to a client that has disconnected', async () => {
    const body = JSON.stringify({ token: held.runner.token, last_update: await lastUpdate() });
    const disconnect = new AbortController();
    const before = requests();
    const headers = { 'Content-Type': 'application/json' };
    const url = `${held.gitlab.url}/api/v4/jobs/request`;
    const waiting = fetch(url, { method: 'POST', headers, body, signal: disconnect.signal });
    await held.gitlab.waitUntil(() => requests() > before);
    disconnect.abort();
    await expect(waiting).rejects.toThrow();
    // The server notices the closed connection later than the client, but before a request on a new connection.
    await lastUpdate();
    const job = await runningJob(held);
    expect(job.status).toBe('running');
  });

  function requests(): number {
    return [...held.runner.managers.values()].reduce((sum, manager) => sum + manager.jobRequests, 0);
  }
});
