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
    ['refuses to verify a wrong token', 'POST', '/runners/verify', () => ({ token: 'glrt-wrong' }), 403],
    ['wants a token to verify', 'POST', '/runners/verify', () => ({}), 400],
    [
      'refuses registration tokens',
      'POST',
      '/runners',
      () => ({ token: 'GR1348941abc', run_untagged: true }),
      410,
    ],
    ['refuses to register a runner again', 'POST', '/runners', (token) => ({ token }), 403],
    ['has no job for a runner', 'POST', '/jobs/request', (token) => ({ token, info: {} }), 204],
    ['gives a wrong token no job', 'POST', '/jobs/request', () => ({ token: 'glrt-wrong' }), 403],
    ['wants a token for a job', 'POST', '/jobs/request', () => ({ info: {} }), 400],
    ['refuses a token that is a number', 'POST', '/jobs/request', () => ({ token: 5 }), 400],
    [
      'refuses a feature that is no boolean',
      'POST',
      '/jobs/request',
      (token) => ({ token, info: { features: { masking: 'yes' } } }),
      400,
    ],
    ['refuses a body that is no JSON type', 'POST', '/jobs/request', () => 'token=abc', 415],
    ['wants a system_id', 'DELETE', '/runners/managers', (token) => ({ token }), 400],
    [
      'knows no such manager',
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
    ['updates no job that does not exist', 'PUT', '/jobs/99', () => ({ token: 'x', state: 'running' }), 403],
    ['has no artifacts for nobody', 'GET', '/jobs/99/artifacts', () => undefined, 401],
    ['knows no such route', 'POST', '/jobs/request/again', () => ({}), 404],
  ];

  it.each(rows)('%s', async (_title, method, path, body, status) => {
    const response = await call(fixture.gitlab, method, path, { body: body(fixture.runner.token) });
    expect(response.status).toBe(status);
  });

  it('records what a well-behaved runner would not have sent, with what was wrong', () => {
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
  it('takes the token from the RUNNER-TOKEN header, too', async () => {
    const headers = { 'RUNNER-TOKEN': fixture.runner.token };
    const response = await call(fixture.gitlab, 'POST', '/runners/verify', { headers, body: {} });
    expect(await response.json()).toMatchObject({ id: fixture.runner.id, token: fixture.runner.token });
  });

  it('keeps a record of every machine, with what it said of itself, until that unregisters', async () => {
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

  it.each(['revoked by an owner', 'removed by itself'])('is answered 403 when %s', async (how) => {
    const { gitlab } = fixture;
    const runner = gitlab.createRunner();
    if (how === 'revoked by an owner') gitlab.revokeRunner(runner.id);
    else
      expect((await call(gitlab, 'DELETE', '/runners', { body: { token: runner.token } })).status).toBe(204);
    expect((await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } })).status).toBe(403);
  });

  it('notes fields that it does not know and takes the request all the same', async () => {
    const body = { token: fixture.runner.token, info: { colour: 'red' }, mood: 1 };
    expect((await call(fixture.gitlab, 'POST', '/jobs/request', { body })).status).toBe(204);
    expect([...fixture.gitlab.unknownFields]).toEqual([
      'POST /api/v4/jobs/request: info.colour',
      'POST /api/v4/jobs/request: mood',
    ]);
  });
});

describe('handing out jobs', () => {
  it('gives each job once, however many ask at the same time', async () => {
    const { gitlab, project, runner } = fixture;
    const pipeline = await gitlab.createPipeline(project, singleStage({}, {}, {}));
    const request = () => call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
    const answers = await Promise.all([request(), request(), request(), request(), request()]);
    const given = await Promise.all(answers.filter(({ status }) => status === 201).map(idOf));
    expect(given.sort()).toEqual(pipeline.jobs.map(({ id }) => id));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(2);
  });

  it.each([
    { has: [], untagged: true, wants: [], gets: 201 },
    { has: ['arm'], untagged: true, wants: ['arm'], gets: 201 },
    { has: ['arm'], untagged: true, wants: ['arm', 'big'], gets: 204 },
    { has: ['arm'], untagged: false, wants: [], gets: 204 },
  ])(
    'answers $gets to a runner with $has when a job wants $wants',
    async ({ has, untagged, wants, gets }) => {
      const { gitlab, project } = fixture;
      const runner = gitlab.createRunner({ tags: has, runUntagged: untagged });
      const pipeline = await gitlab.createPipeline(project, singleStage({ tags: wants }));
      const response = await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
      expect(response.status).toBe(gets);
      for (const { id } of pipeline.jobs) gitlab.cancelJob(id);
    },
  );

  it('gives a protected runner jobs of protected branches only', async () => {
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

  it('gives nothing to a paused runner', async () => {
    const { gitlab, project } = fixture;
    const runner = gitlab.createRunner({ paused: true });
    const pipeline = await gitlab.createPipeline(project, singleStage({}));
    const request = () => call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
    expect((await request()).status).toBe(204);
    gitlab.pauseRunner(runner.id, false);
    expect((await request()).status).toBe(201);
    expect(pipeline.jobs[0]).toMatchObject({ status: 'running', runner });
  });

  it('answers from the queue value alone until there may be something new', async () => {
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

  it('is answered when a job comes', async () => {
    const body = { token: held.runner.token, last_update: await lastUpdate() };
    const waiting = call(held.gitlab, 'POST', '/jobs/request', { body });
    await held.gitlab.waitUntil(() => requests() === 2);
    await held.gitlab.createPipeline(held.project, singleStage({}));
    expect((await waiting).status).toBe(201);
  });

  it('gives no job to a client that has gone', async () => {
    const body = JSON.stringify({ token: held.runner.token, last_update: await lastUpdate() });
    const gone = new AbortController();
    const before = requests();
    const headers = { 'Content-Type': 'application/json' };
    const url = `${held.gitlab.url}/api/v4/jobs/request`;
    const waiting = fetch(url, { method: 'POST', headers, body, signal: gone.signal });
    await held.gitlab.waitUntil(() => requests() > before);
    gone.abort();
    await expect(waiting).rejects.toThrow();
    // The server hears of the closed connection after the client: a request on a new one comes later still.
    await lastUpdate();
    const job = await runningJob(held);
    expect(job.status).toBe('running');
  });

  function requests(): number {
    return [...held.runner.managers.values()].reduce((sum, manager) => sum + manager.jobRequests, 0);
  }
});
