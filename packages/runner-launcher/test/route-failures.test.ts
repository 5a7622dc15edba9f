import { describe, expect, it } from 'vitest';
import { processBatch } from '../src/index.ts';
import type { ApiTokenReading } from '../src/read-api-token.ts';
import { API_TOKEN, json, startGitLab } from './support/gitlab.ts';
import { kinds, queued } from './support/launcher.ts';
import { ARM, launcherOf } from './support/routing-launcher.ts';

describe('a failing GitLab API loses no job', () => {
  const hang = () => {};
  const HANGING = ['no answer', 'an unfinished body'];
  it.each<[string, Parameters<typeof startGitLab>[0], string, number]>([
    ['401', (_request, response) => json(response, 401, { message: API_TOKEN }), 'unauthorized', 1],
    ['403', (_request, response) => json(response, 403, { error: 'insufficient_scope' }), 'unauthorized', 1],
    ['404', (_request, response) => json(response, 404, {}), 'not-found', 1],
    ['429', (_request, response) => json(response, 429, {}), 'failing', 2],
    ['500', (_request, response) => json(response, 500, {}), 'failing', 2],
    ['not JSON', (_request, response) => void response.end('<html>sign in</html>'), 'unreadable', 1],
    ['another JSON', (_request, response) => json(response, 200, { id: 1 }), 'unreadable', 1],
    ['a huge body', (_request, response) => json(response, 200, 'x'.repeat(3 * 1024 * 1024)), 'too-large', 1],
    ['a cut connection', (_request, response) => void response.destroy(), 'unreachable', 2],
    ['no answer', hang, 'unreachable', 2],
    ['an unfinished body', (_request, response) => void response.write('{'), 'unreachable', 2],
  ])(
    '%s',
    async (title, listener, why, asked) => {
      const gitlab = await startGitLab(listener);
      const fleets = { default: { gitlabApi: {}, runner: ARM } };
      const launcher = launcherOf(gitlab.url, fleets, HANGING.includes(title) ? 300 : undefined);
      expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['manager-launched']);
      expect(launcher.launched()).toEqual(['default']);
      expect(gitlab.requests).toHaveLength(asked);
      expect(launcher.token.forgotten).toEqual(
        why === 'unauthorized' || why === 'unreachable' ? ['default'] : [],
      );
      const [line] = launcher.lines.filter(({ message }) => message.includes('API'));
      expect(line?.fields).toMatchObject({ fleet: 'default', why, todo: expect.stringMatching(/^.{20}/) });
      expect(JSON.stringify([launcher.lines, launcher.published])).not.toContain('planted-secret');
    },
    15_000,
  );

  it('does not follow a redirect, least of all with the token', async () => {
    const elsewhere = await startGitLab({});
    const gitlab = await startGitLab((_request, response) => {
      response.writeHead(302, { location: `${elsewhere.url}/api/v4/projects/1/jobs/1` }).end();
    });
    const launcher = launcherOf(gitlab.url, { default: { gitlabApi: {}, runner: ARM } });
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['manager-launched']);
    expect(elsewhere.requests).toEqual([]);
    expect(launcher.lines[0]?.fields).toMatchObject({ why: 'redirected' });
  });

  it.each<[string, ApiTokenReading, string]>([
    [
      'a missing token',
      { missing: '/p/fleets/default/api-token: ParameterNotFound', isTransient: false },
      'token-unusable',
    ],
    [
      'a throttled SSM',
      { missing: '/p/fleets/default/api-token: ThrottlingException', isTransient: true },
      'failing',
    ],
    [
      'a token that no header accepts, which is not logged',
      { token: `${API_TOKEN}\nx: y`, authorities: undefined },
      'token-unusable',
    ],
  ])('%s', async (_title, reading, why) => {
    const gitlab = await startGitLab({});
    const launcher = launcherOf(gitlab.url, { default: { gitlabApi: {}, runner: ARM } });
    launcher.token.reading = reading;
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['manager-launched']);
    expect(gitlab.requests).toEqual([]);
    expect(launcher.lines[0]?.fields).toMatchObject({ why });
    expect(JSON.stringify(launcher.lines)).not.toContain('planted-secret');
  });

  it('retries three times where another fleet may have the job, and then uses the URL’s fleet', async () => {
    const gitlab = await startGitLab((_request, response) => json(response, 502, {}));
    const launcher = launcherOf(gitlab.url, { default: { gitlabApi: {}, runner: {} }, arm: { runner: ARM } });
    const outcomes: string[] = [];
    for (const receiveCount of [1, 2, 3, 4])
      outcomes.push(...kinds(await processBatch([{ ...queued(1), receiveCount }], launcher.deps)));
    const retry = 'retry gitlab-unreachable';
    expect(outcomes).toEqual([retry, retry, retry, 'manager-launched']);
    expect(launcher.launched()).toEqual(['default']);
  });

  it('does not retry when the token is refused', async () => {
    const gitlab = await startGitLab((_request, response) => json(response, 401, {}));
    const launcher = launcherOf(gitlab.url, { default: { gitlabApi: {}, runner: {} }, arm: { runner: ARM } });
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['manager-launched']);
  });
});
