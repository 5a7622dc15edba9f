import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createReceiver, functionUrlEvent, pendingHook, SECRET } from './support/receiver.ts';

const without = (field: string) =>
  Object.fromEntries(Object.entries(pendingHook).filter(([name]) => name !== field));
const bodyOf = (answer: { body?: string | undefined }) => JSON.parse(answer.body ?? '{}');
const mebibyte = 1024 * 1024;
/** The pending hook, padded to the given number of bytes. */
function padded(bytes: number): string {
  const bare = JSON.stringify({ ...pendingHook, padding: '' });
  return JSON.stringify({ ...pendingHook, padding: 'x'.repeat(bytes - bare.length) });
}

describe('the answers', () => {
  it('202 with the event’s id, once it is on the bus', async () => {
    const receiver = createReceiver();
    const { answer } = await receiver.receive(functionUrlEvent(pendingHook));
    expect(answer.statusCode).toBe(202);
    expect(answer.headers?.['content-type']).toBe('application/json');
    expect(bodyOf(answer)).toEqual({ id: 'event-1' });
    expect(receiver.events()).toEqual([
      {
        name: 'JobQueued',
        version: 1,
        fleet: 'default',
        occurredAt: '2026-11-23T10:00:00.000Z',
        instance: 'http://192.168.64.1:3005',
        projectId: 380,
        projectPath: 'gitlab-org/gitlab-test',
        pipelineId: 2366,
        jobId: 1977,
        jobName: 'test',
        stage: 'test',
        ref: 'gitlab-script-trigger',
      },
    ]);
  });

  it.each(['success', 'failed', 'canceled'])('202 for a job that ended with %s', async (build_status) => {
    const receiver = createReceiver();
    const { answer } = await receiver.receive(functionUrlEvent({ ...pendingHook, build_status }));
    expect(answer.statusCode).toBe(202);
    expect(receiver.events()).toMatchObject([{ name: 'JobFinished', status: build_status }]);
  });

  it.each([
    'created',
    'running',
    'skipped',
    'manual',
    'scheduled',
    'preparing',
    'waiting_for_resource',
    'canceling',
    'something_new',
  ])('204 for the status %s', async (build_status) => {
    const receiver = createReceiver();
    const { answer } = await receiver.receive(functionUrlEvent({ ...pendingHook, build_status }));
    expect(answer).toEqual({ statusCode: 204 });
    expect(receiver.events()).toEqual([]);
  });

  it.each([
    [
      'GitLab’s pipeline hook',
      readFileSync(new URL('./fixtures/pipeline-hook.success.json', import.meta.url), 'utf8'),
      'Pipeline Hook',
    ],
    ['a push of five megabytes', 'x'.repeat(5 * mebibyte), 'Push Hook'],
    ['a hook that is not JSON', '{', 'Emoji Hook'],
  ])('204 for %s, unparsed', async (_title, body, event) => {
    const receiver = createReceiver();
    const { answer } = await receiver.receive(
      functionUrlEvent(body, { headers: { 'x-gitlab-event': event } }),
    );
    expect(answer).toEqual({ statusCode: 204 });
  });

  it.each([
    ['no secret', { 'x-gitlab-token': undefined }],
    ['an empty secret', { 'x-gitlab-token': '' }],
    ['a wrong secret', { 'x-gitlab-token': 'wrong' }],
    ['a longer secret', { 'x-gitlab-token': `${SECRET}x` }],
    ['the secret twice', { 'x-gitlab-token': `${SECRET},${SECRET}` }],
    ['a secret that is not a string', { 'x-gitlab-token': [SECRET] }],
  ])('401 for %s, always with the same body', async (_title, headers) => {
    const receiver = createReceiver();
    const { answer } = await receiver.receive(functionUrlEvent(pendingHook, { headers }));
    expect(answer.statusCode).toBe(401);
    expect(answer.body).toBe('{"error":"unauthorized"}');
    expect(receiver.events()).toEqual([]);
  });

  it.each([
    ['an empty body', '', 'body'],
    ['not JSON', '{"object_kind":', 'body'],
    ['a list', '[]', 'body'],
    ['null', 'null', 'body'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'body'],
    ['another kind of object', { ...pendingHook, object_kind: 'pipeline' }, 'object_kind'],
    ['no status', without('build_status'), 'build_status'],
    ['a status that is a number', { ...pendingHook, build_status: 7 }, 'build_status'],
    ['no job id', without('build_id'), 'build_id'],
    ['a job id that is text', { ...pendingHook, build_id: '1977' }, 'build_id'],
    ['a negative job id', { ...pendingHook, build_id: -1 }, 'build_id'],
    ['a job id too large to be exact', { ...pendingHook, build_id: 2 ** 60 }, 'build_id'],
    [
      'a job id that overflows',
      JSON.stringify(pendingHook).replace('"build_id":1977', '"build_id":1e999'),
      'build_id',
    ],
    ['no project id', without('project_id'), 'project_id'],
    ['no pipeline id anywhere', { ...without('pipeline_id'), commit: null }, 'pipeline_id'],
  ])('400 naming the field for %s', async (_title, body, field) => {
    const receiver = createReceiver();
    const { answer } = await receiver.receive(functionUrlEvent(body));
    expect(answer.statusCode).toBe(400);
    expect(bodyOf(answer).error.startsWith(`${field}: `)).toBe(true);
    expect(receiver.events()).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['job name', { build_name: 7 }],
    ['stage', { build_stage: ['test'] }],
    ['ref', { ref: {} }],
    ['pipeline id, where the commit has it', { pipeline_id: '2366', commit: { id: 2366 } }],
    ['commit, where the hook has the pipeline id', { pipeline_id: 2366, commit: 'x' }],
    ['commit id, where the hook has the pipeline id', { pipeline_id: 2366, commit: { id: -1 } }],
    ['project', { project: 'x' }],
    ['path', { project: { path_with_namespace: 7, web_url: 8 } }],
    ['repository', { repository: { homepage: true } }],
    [
      'reason',
      { build_failure_reason: 3, build_duration: 'long', build_started_at: 1, build_finished_at: {} },
    ],
    ['runner, user and environment, which are not read', { runner: 7, user: [], environment: 'x' }],
  ])('202 for a malformed %s, which is not required', async (_title, over) => {
    for (const status of ['pending', 'failed']) {
      const receiver = createReceiver();
      const body = { ...pendingHook, ...over, build_status: status };
      const { answer } = await receiver.receive(functionUrlEvent(body));
      expect(answer.statusCode).toBe(202);
      expect(receiver.events()).toMatchObject([{ jobId: 1977, projectId: 380, pipelineId: 2366 }]);
    }
  });

  it('413 above one mebibyte, not at one mebibyte', async () => {
    const receiver = createReceiver();
    expect((await receiver.receive(functionUrlEvent(padded(mebibyte)))).answer.statusCode).toBe(202);
    expect((await receiver.receive(functionUrlEvent(padded(mebibyte + 1)))).answer.statusCode).toBe(413);
    expect((await receiver.receive(functionUrlEvent('é'.repeat(mebibyte / 2 + 1)))).answer.statusCode).toBe(
      413,
    );
  });

  it.each(['missing', 'No-Fleet', '../default', 'default/config', ''])(
    '404 for the fleet "%s"',
    async (fleet) => {
      const receiver = createReceiver();
      const query = `fleet=${encodeURIComponent(fleet)}`;
      const { answer } = await receiver.receive(functionUrlEvent(pendingHook, { query }));
      expect(answer.statusCode).toBe(404);
    },
  );

  it.each(['GET', 'PUT', 'HEAD', 'OPTIONS', ''])('405 for the method "%s"', async (method) => {
    const receiver = createReceiver();
    const { answer } = await receiver.receive(functionUrlEvent(pendingHook, { method }));
    expect(answer.statusCode).toBe(405);
    expect(answer.headers?.allow).toBe('POST');
    expect(receiver.ssm.calls()).toHaveLength(0);
  });
});
