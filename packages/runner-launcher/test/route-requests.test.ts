import { describe, expect, it } from 'vitest';
import { processBatch } from '../src/index.ts';
import { API_TOKEN, jobJson, startGitLab } from './support/gitlab.ts';
import { kinds, named, queued, requested } from './support/launcher.ts';
import { ARM, launcherOf, type Over } from './support/routing-launcher.ts';

describe('a queued job of a fleet with an API token', () => {
  it('goes to the fleet whose runner takes it, and GitLab is asked once for each job', async () => {
    const gitlab = await startGitLab({
      '/projects/1/jobs/1': jobJson(1, { tag_list: ['arm'] }),
      '/projects/1/jobs/2': jobJson(2),
    });
    const launcher = launcherOf(gitlab.url, { default: { gitlabApi: {}, runner: {} }, arm: { runner: ARM } });
    const settled = await processBatch([queued(1), queued(1), queued(2)], launcher.deps);
    expect(kinds(settled)).toEqual(['manager-launched', 'manager-launched', 'manager-launched']);
    expect(launcher.launched().toSorted()).toEqual(['arm', 'default']);
    expect(gitlab.paths().toSorted()).toEqual([
      '/gitlab/api/v4/projects/1/jobs/1',
      '/gitlab/api/v4/projects/1/jobs/2',
    ]);
    expect(gitlab.requests.every(({ token }) => token === API_TOKEN)).toBe(true);
  });

  it.each<[string, Record<string, unknown>, Record<string, Over>, string, string[]]>([
    ['that no fleet takes ends', { tag_list: ['gpu'] }, { arm: { runner: ARM } }, 'no-fleet-takes-it', []],
    ['that runs already ends', { status: 'running' }, {}, 'job-not-waiting', []],
    ['that was canceled ends', { status: 'canceled' }, {}, 'job-not-waiting', []],
    [
      'that a stale read shows as created is launched',
      { status: 'created' },
      {},
      'manager-launched',
      ['default'],
    ],
    [
      'of a fleet whose runner is not configured is launched',
      { tag_list: ['gpu'] },
      { default: { gitlabApi: {} } },
      'manager-launched',
      ['default'],
    ],
    [
      'does not go to a fleet of another GitLab',
      { tag_list: ['arm'] },
      { arm: { runner: ARM, gitlabUrl: 'http://other' } },
      'no-fleet-takes-it',
      [],
    ],
  ])('%s', async (_title, job, fleets, kind, launched) => {
    const gitlab = await startGitLab({ '/projects/1/jobs/1': jobJson(1, job) });
    const launcher = launcherOf(gitlab.url, { default: { gitlabApi: {}, runner: {} }, ...fleets });
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual([kind]);
    expect(launcher.launched()).toEqual(launched);
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>, string]>([
    [
      'a protected branch',
      { ref: 'release/1' },
      { '/projects/1/repository/branches/release%2F1': { protected: true } },
      'manager-launched',
    ],
    [
      'another branch',
      { ref: 'topic' },
      { '/projects/1/repository/branches/topic': { protected: false } },
      'no-fleet-takes-it',
    ],
    [
      'a protected git tag',
      { ref: 'v1', tag: true },
      { '/projects/1/repository/tags/v1': { protected: true } },
      'manager-launched',
    ],
    [
      'another git tag',
      { ref: 'v1', tag: true },
      { '/projects/1/repository/tags/v1': { protected: false } },
      'no-fleet-takes-it',
    ],
    [
      'a merge request, whose protection is unknown',
      { ref: 'refs/merge-requests/7/head' },
      {},
      'manager-launched',
    ],
    ['a deleted branch, whose protection is unknown', { ref: 'gone' }, {}, 'manager-launched'],
  ])('of a protected fleet is matched by its ref: %s', async (_title, job, routes, kind) => {
    const gitlab = await startGitLab({ '/projects/1/jobs/1': jobJson(1, job), ...routes });
    const runner = { accessLevel: 'ref_protected' } as const;
    const launcher = launcherOf(gitlab.url, { default: { gitlabApi: {}, runner } });
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual([kind]);
  });

  it('stays with the webhook’s runner token, whatever its tags', async () => {
    const gitlab = await startGitLab({ '/projects/1/jobs/1': jobJson(1, { tag_list: ['arm'] }) });
    const launcher = launcherOf(gitlab.url, { default: { gitlabApi: {}, runner: {} }, arm: { runner: ARM } });
    const runnerTokenParameter = '/p/fleets/default/runner-tokens/abc';
    await processBatch([queued(1, { runnerTokenParameter })], launcher.deps);
    expect(launcher.launched()).toEqual(['default']);
  });

  it('is read from the fleet’s GitLab, whatever instance the webhook names, and must belong to the same pipeline', async () => {
    const gitlab = await startGitLab({
      '/projects/1/jobs/1': jobJson(1, { status: 'success', pipeline: { id: 9, project_id: 1 } }),
    });
    const evil = await startGitLab({});
    const launcher = launcherOf(gitlab.url, { default: { gitlabApi: {}, runner: {} } });
    const settled = await processBatch([queued(1, { instance: evil.url })], launcher.deps);
    expect(kinds(settled)).toEqual(['manager-launched']);
    expect(evil.requests).toEqual([]);
    expect(gitlab.requests).toHaveLength(1);
  });

  it('is retried when the fleets cannot be listed, since it may not belong to the URL’s fleet', async () => {
    const gitlab = await startGitLab({ '/projects/1/jobs/1': jobJson(1) });
    const launcher = launcherOf(gitlab.url, { default: { gitlabApi: {}, runner: {} } });
    launcher.routing.listFleets = async () => {
      throw named('ThrottlingException');
    };
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['retry throttled']);
  });
});

describe('a fleet without an API token', () => {
  it('does not ask GitLab', async () => {
    const gitlab = await startGitLab({});
    const launcher = launcherOf(gitlab.url, { default: { runner: {} }, arm: { gitlabApi: {}, runner: ARM } });
    const settled = await processBatch([queued(1), requested('now')], launcher.deps);
    expect(kinds(settled)).toEqual(['manager-launched', 'manager-launched']);
    expect(gitlab.requests).toEqual([]);
  });
});

describe('a safety launch of a fleet that names its projects', () => {
  const list = (project: string) => `/projects/${project}/jobs?scope[]=pending&per_page=100`;
  const gitlabApi = { projects: [1, 'acme/shop'] };
  const full = Array.from({ length: 100 }, (_, index) => jobJson(index, { tag_list: ['gpu'] }));

  it.each<[string, unknown, unknown, Over, string]>([
    ['starts nothing when no job waits', [], [], {}, 'nothing-waits'],
    [
      'starts nothing for jobs that its runner does not take',
      [],
      [jobJson(1, { tag_list: ['gpu'] })],
      { runner: ARM },
      'nothing-waits',
    ],
    ['starts a manager for a job that waits', [], [jobJson(1)], {}, 'manager-launched'],
    [
      'starts a manager for a job that its runner takes',
      [jobJson(1, { tag_list: ['arm'] })],
      [],
      { runner: ARM },
      'manager-launched',
    ],
    [
      'starts a manager when there may be more jobs than were listed',
      full,
      [],
      { runner: ARM },
      'manager-launched',
    ],
    ['starts a manager when a project does not answer', [], undefined, {}, 'manager-launched'],
    ['starts a manager when no project is named', [], [], { gitlabApi: {} }, 'manager-launched'],
  ])('%s', async (_title, first, second, over, kind) => {
    const gitlab = await startGitLab({ [list('1')]: first, [list('acme%2Fshop')]: second });
    const launcher = launcherOf(gitlab.url, { default: { gitlabApi, ...over } });
    expect(kinds(await processBatch([requested('now')], launcher.deps))).toEqual([kind]);
  });
});
