import { parameterNames } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import type { RunnerTokens } from '../src/gitlab/runner-token.ts';
import { secretUse, whyNotFinished } from '../src/rotate/finish-webhook-secret.ts';
import { rotateRunnerToken } from '../src/rotate/rotate-runner-token.ts';
import { rotateWebhookSecret } from '../src/rotate/rotate-webhook-secret.ts';
import { DeathError, ParameterStore } from './support/parameter-store.ts';

const names = parameterNames('/p', 'default');

describe('a rotated webhook secret', () => {
  // 0 and 1: it dies before the first or second write; 2: it does not die.
  it.each([0, 1, 2])(
    'is accepted beside the one that GitLab has, if the first run dies after %i writes',
    async (writes) => {
      const store = new ParameterStore({ [names.webhookSecret]: 'old' });
      const rotate = () => rotateWebhookSecret(store.client, names, () => 'new');
      store.writesLeft = writes;
      await rotate().catch((error: unknown) => expect(error).toBeInstanceOf(DeathError));
      expect([
        store.values.get(names.webhookSecret),
        store.values.get(names.previousWebhookSecret),
      ]).toContain('old');
      store.writesLeft = 9;
      expect(await rotate()).toEqual({ secret: 'new', isResumed: writes === 2 });
      expect(store.values.get(names.webhookSecret)).toBe('new');
      expect(store.values.get(names.previousWebhookSecret)).toBe('old');
    },
  );

  it('is not replaced again before the rotation is finished: GitLab may still send the oldest', async () => {
    const store = new ParameterStore({ [names.webhookSecret]: 'old' });
    let made = 0;
    const rotate = () =>
      rotateWebhookSecret(store.client, names, () => {
        made += 1;
        return `new ${made}`;
      });
    await rotate();
    expect(await rotate()).toEqual({ secret: 'new 1', isResumed: true });
    expect(store.values.get(names.previousWebhookSecret)).toBe('old');
  });

  it('needs a current one', async () => {
    await expect(rotateWebhookSecret(new ParameterStore({}).client, names)).rejects.toThrow('signing token');
  });
});

describe('whether the previous secret may go', () => {
  const line = (secret: string, projectId: number, fleet = 'default') => ({
    at: 0,
    fields: { message: 'webhook answered', fleet, secret, projectId },
  });

  it.each([
    ['no webhook came', [], /No webhook has arrived/],
    ['one of another fleet came', [line('current', 1, 'large')], /No webhook has arrived/],
    ['the last of a project had it', [line('current', 1), line('previous', 2)], /project 2 still had/],
    ['all have the new one', [line('previous', 1), line('current', 1), line('current', 2)], undefined],
  ])('%s', (_title, lines, problem) => {
    const found = whyNotFinished(secretUse('default', lines));
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  });
});

/** A runner at GitLab. */
class GitLabRunner implements RunnerTokens {
  token = 'first';
  resets = 0;
  /** The process dies when GitLab has answered. */
  dies = false;

  async idOf(token: string) {
    return token === this.token ? 12 : undefined;
  }

  async reset(token: string) {
    if (token !== this.token) return undefined;
    this.resets += 1;
    this.token = `reset ${this.resets}`;
    if (this.dies) throw new DeathError('died after the answer');
    return this.token;
  }

  async removeRunner() {
    return true;
  }
}

describe('a rotated runner token', () => {
  const setUp = () => {
    const store = new ParameterStore({ [names.runnerToken]: 'first' });
    const gitlab = new GitLabRunner();
    const rotate = (withApiToken = false) =>
      rotateRunnerToken({
        ssm: store.client,
        parameter: names.runnerToken,
        gitlab,
        resetById: withApiToken
          ? async () => {
              gitlab.token = 'by id';
              return gitlab.token;
            }
          : undefined,
      });
    return { store, gitlab, rotate };
  };

  it('is stored', async () => {
    const { store, gitlab, rotate } = setUp();
    expect(await rotate()).toBe(12);
    expect(store.values.get(names.runnerToken)).toBe(gitlab.token);
  });

  it.each([0, 1])('is not asked for if the parameter cannot be written (%i writes work)', async (writes) => {
    const { store, gitlab, rotate } = setUp();
    store.writesLeft = writes;
    await expect(rotate()).rejects.toThrow(DeathError);
    expect(gitlab.resets).toBe(0);
  });

  it('is replaced by the id of the runner if the process died before it was stored', async () => {
    const { store, gitlab, rotate } = setUp();
    gitlab.dies = true;
    await expect(rotate()).rejects.toThrow(DeathError);
    await expect(rotate()).rejects.toThrow(/GITLAB_TOKEN.*runner 12/);
    expect(await rotate(true)).toBe(12);
    expect(store.values.get(names.runnerToken)).toBe('by id');
  });

  it('cannot be recovered if the runner is not known', async () => {
    const { gitlab, rotate } = setUp();
    gitlab.token = 'another';
    await expect(rotate(true)).rejects.toThrow('Create a runner');
  });
});
