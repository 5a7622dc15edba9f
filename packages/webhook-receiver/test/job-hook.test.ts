import { describe, expect, it } from 'vitest';
import { gitlabInstance } from '../src/gitlab-instance.ts';
import { isoOfGitlabTime } from '../src/gitlab-time.ts';
import { readJobHook } from '../src/index.ts';
import { jobHook, pendingHook } from './support/receiver.ts';

const context = {
  fleet: 'default',
  gitlabUrl: 'https://gitlab.example.com',
  instanceHeader: undefined,
  receivedAt: '2026-11-23T10:00:00.000Z',
};
const eventOf = (body: object) => {
  const hook = readJobHook(body, context);
  if (hook.kind === 'other') throw new Error('not an event');
  return hook.event;
};

describe('GitLab’s times', () => {
  it.each([
    ['2021-02-23T02:41:37.886Z', '2021-02-23T02:41:37.886Z'],
    ['2021-02-23 02:41:37 UTC', '2021-02-23T02:41:37.000Z'],
    ['2021-02-23 02:41:37 +0100', '2021-02-23T01:41:37.000Z'],
    ['2021-02-23T02:41:37.886-05:00', '2021-02-23T07:41:37.886Z'],
    ['2021-02-23T02:41:37Z', '2021-02-23T02:41:37.000Z'],
    ['2021-02-30T99:41:37Z', undefined],
    ['9999-12-31 23:59:59 -0500', undefined],
    ['yesterday', undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('%s is %s', (text, iso) => {
    expect(isoOfGitlabTime(text)).toBe(iso);
  });
});

describe('the instance that sent a hook', () => {
  const hints = {
    header: undefined,
    projectUrl: undefined,
    projectPath: undefined,
    configured: 'https://gitlab.example.com/',
  };
  it.each([
    ['the header', { header: 'https://gitlab.com' }, 'https://gitlab.com'],
    [
      'a header with a slash, a path and a port',
      { header: 'https://example.com:8443/git/' },
      'https://example.com:8443/git',
    ],
    ['a header that is not a URL', { header: 'gitlab' }, 'https://gitlab.example.com'],
    ['a header of another protocol', { header: 'file:///etc/passwd' }, 'https://gitlab.example.com'],
    ['an overlong header', { header: `https://${'x'.repeat(3000)}.com` }, 'https://gitlab.example.com'],
    [
      'the project’s URL',
      { projectUrl: 'http://10.0.0.1:3005/a/b', projectPath: 'a/b' },
      'http://10.0.0.1:3005',
    ],
    [
      'the project’s URL below a path',
      { projectUrl: 'http://example.com/git/a/b', projectPath: 'a/b' },
      'http://example.com/git',
    ],
    [
      'a URL that is not the project’s',
      { projectUrl: 'http://example.com/c/d', projectPath: 'a/b' },
      'https://gitlab.example.com',
    ],
    ['only the fleet’s configuration', {}, 'https://gitlab.example.com'],
  ])('%s', (_title, over, instance) => {
    expect(gitlabInstance({ ...hints, ...over })).toBe(instance);
  });
});

describe('a finished job', () => {
  const finished = {
    ...jobHook,
    build_status: 'failed',
    build_started_at: '2021-02-23 02:41:37 UTC',
    build_finished_at: '2021-02-23 02:42:37 UTC',
    build_duration: 60.5,
  };

  it('has its times, duration and failure reason', () => {
    expect(readJobHook(finished, context)).toEqual({
      kind: 'finished',
      event: expect.objectContaining({
        occurredAt: '2021-02-23T02:42:37.000Z',
        status: 'failed',
        failureReason: 'script_failure',
        startedAt: '2021-02-23T02:41:37.000Z',
        finishedAt: '2021-02-23T02:42:37.000Z',
        durationSeconds: 60.5,
      }),
    });
  });

  it.each(['success', 'failed', 'canceled'])('has status %s', (status) => {
    const hook = readJobHook({ ...finished, build_status: status }, context);
    expect(hook).toMatchObject({ kind: 'finished', event: { status } });
  });

  it.each([
    [
      'the exact times where both forms exist',
      { build_finished_at_iso: '2021-02-23T02:42:37.5Z' },
      { finishedAt: '2021-02-23T02:42:37.500Z' },
    ],
    ['no reason when it did not fail', { build_status: 'success' }, { failureReason: undefined }],
    [
      'no times when none are sent',
      { build_started_at: null, build_finished_at: null },
      { startedAt: undefined, finishedAt: undefined, occurredAt: context.receivedAt },
    ],
    ['no duration when none is sent', { build_duration: null }, { durationSeconds: undefined }],
    ['a duration of zero', { build_duration: 0 }, { durationSeconds: 0 }],
    ['no negative duration', { build_duration: -1 }, { durationSeconds: undefined }],
  ])('has %s', (_title, over, expected) => {
    expect(eventOf({ ...finished, ...over })).toMatchObject(expected);
  });
});

describe('an unused status', () => {
  it('is returned unchanged', () => {
    expect(readJobHook({ ...jobHook, build_status: 'running' }, context)).toEqual({
      kind: 'other',
      status: 'running',
    });
  });
});

describe('a body that is not a job hook', () => {
  it.each<[string, unknown, string]>([
    ['not an object', 'x', 'body: Invalid input: expected object, received string'],
    [
      'another hook',
      { object_kind: 'push', build_status: 'x' },
      'object_kind: Invalid input: expected "build"',
    ],
    [
      'two missing fields',
      {},
      'object_kind: Invalid input: expected "build"; build_status: Invalid input: expected string, received undefined',
    ],
    [
      'a job without a numeric id',
      { ...pendingHook, build_id: 'x' },
      'build_id: Invalid input: expected number, received string',
    ],
    [
      'a job without a pipeline',
      { ...pendingHook, pipeline_id: undefined, commit: undefined },
      'pipeline_id: missing, and commit.id too',
    ],
  ])('is refused: %s', (_title, body, message) => {
    expect(() => readJobHook(body, context)).toThrow(
      expect.objectContaining({ name: 'InvalidJobHookError', message }),
    );
  });
});

describe('a queued job of any GitLab', () => {
  it.each([
    ['one without a name', { build_name: null }, { jobName: '' }],
    [
      'one of a project',
      { project: { path_with_namespace: 'acme/shop', web_url: 'https://g.example.com/sub/acme/shop' } },
      { projectPath: 'acme/shop', instance: 'https://g.example.com/sub' },
    ],
    [
      'one of a project that sends its URL only',
      { project: { web_url: 'https://g.example.com/acme/shop' } },
      { projectPath: undefined, instance: 'https://g.example.com' },
    ],
    [
      'an older one without project',
      { project: undefined, retries_count: undefined },
      { projectPath: undefined, instance: 'http://192.168.64.1:3005' },
    ],
    [
      'one without project or repository',
      { project: null, repository: null },
      { instance: 'https://gitlab.example.com' },
    ],
    ['one that has its pipeline in commit only', { pipeline_id: undefined }, { pipelineId: 2366 }],
    [
      'one without stage and ref',
      { build_stage: null, ref: undefined },
      { stage: undefined, ref: undefined },
    ],
    ['a later one with unknown fields', { build_moon_phase: 'full', __proto__: { x: 1 } }, { jobId: 1977 }],
    [
      'one with overlong names',
      { build_name: 'n'.repeat(999), ref: 'r'.repeat(9999) },
      { jobName: 'n'.repeat(255), ref: 'r'.repeat(1024) },
    ],
    ['one with a lone surrogate', { build_name: 'a\ud800' }, { jobName: 'a\ufffd' }],
    ['one whose repository is malformed', { repository: 7, commit: 'x' }, { jobId: 1977 }],
    [
      'one whose project’s URL is malformed',
      { project: { web_url: 'nowhere' } },
      { instance: 'https://gitlab.example.com' },
    ],
  ])('%s', (_title, over, expected) => {
    expect(eventOf({ ...pendingHook, ...over })).toMatchObject(expected);
  });
});
