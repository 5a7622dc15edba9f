import { DeleteParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { managerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { isUnusedToken, type ParameterFacts } from '../src/decide-runner-token.ts';
import { createRunnerTokens } from '../src/runner-tokens.ts';
import { sweep } from '../src/sweep.ts';
import { minute, now as start } from './support/fleets.ts';
import { deps, idle, named, resetEcs } from './support/sweep.ts';

const DAY = 24 * 60 * minute;
const now = start + 365 * DAY;
const tokenName = (fleet = 'default', number = 0) =>
  `/p/fleets/${fleet}/runner-tokens/${number.toString(16).padStart(32, '0')}`;
const old = (name = tokenName(), days = 31): ParameterFacts => ({ name, writtenAt: now - days * DAY });

describe('a runner token from a webhook', () => {
  const decide = (parameter: ParameterFacts, managers: Parameters<typeof managerFacts>[0][] = []) =>
    isUnusedToken({ parameter, prefix: '/p', managers: managers.map(managerFacts), now });

  it('is unused when it was not written again for 30 days', () => {
    expect(decide({ name: tokenName(), writtenAt: now - 30 * DAY })).toBe(false);
    expect(decide({ name: tokenName(), writtenAt: now - 30 * DAY - 1 })).toBe(true);
    expect(decide({ name: tokenName(), writtenAt: undefined })).toBe(false);
  });

  it.each<[string, Parameters<typeof managerFacts>[0], boolean]>([
    ['of a manager that runs stays', { runnerTokenParameter: tokenName() }, false],
    ['of a manager that ended stays', { runnerTokenParameter: tokenName(), state: 'stopped' }, false],
    ['is not kept by a manager with another token', { runnerTokenParameter: tokenName('default', 1) }, true],
    ['is not kept by a manager with its fleet’s own token', { runnerTokenParameter: undefined }, true],
  ])('%s', (_, manager, unused) => {
    expect(decide(old(), [manager])).toBe(unused);
  });

  it.each([
    '/p/fleets/default/runner-token',
    '/p/fleets/default/webhook-secret',
    '/p/fleets/default/webhook-secret-previous',
    '/p/fleets/default/signing-token',
    '/p/fleets/default/api-token',
    '/p/fleets/default/config',
    '/p/fleets/default/runner-tokens',
    '/p/fleets/default/runner-tokens/of-somebody',
    `${tokenName()}/config`,
    `/q/fleets/default/runner-tokens/${'0'.repeat(32)}`,
    '',
  ])('is not recognized by the name %j', (name) => {
    expect(decide(old(name, 9000))).toBe(false);
  });
});

describe('a sweep', () => {
  beforeEach(resetEcs);

  function partsWith(parameters: ParameterFacts[], managers: ReturnType<typeof idle>[] = []) {
    const { all, lines } = deps({ parameters, managers });
    const calls: string[][] = [];
    all.now = () => now;
    all.tokens.remove = async (names) => {
      calls.push([...names]);
      return [...names];
    };
    return { all, lines, calls };
  }

  it('removes unused tokens, including those of removed fleets, and nothing else', async () => {
    const own = old('/p/fleets/default/runner-token');
    const { all, calls, lines } = partsWith([
      old(),
      own,
      old(tokenName('gone')),
      old(tokenName('default', 1), 29),
    ]);
    expect(await sweep(all)).toMatchObject({ tokens: 2, failures: 0 });
    expect(calls).toEqual([[tokenName(), tokenName('gone')]]);
    const line = { message: 'runner tokens removed', removed: [tokenName(), tokenName('gone')] };
    expect(lines).toContainEqual(line);
  });

  it('keeps the token of a manager', async () => {
    const manager = idle(1, {
      startedAt: now,
      createdAt: now,
      demandAt: now,
      runnerTokenParameter: tokenName(),
    });
    const { all, calls } = partsWith([old()], [manager]);
    expect(await sweep(all)).toMatchObject({ tokens: 0, failures: 0 });
    expect(calls).toEqual([]);
  });

  it('removes at most fifty, ten a call', async () => {
    const { all, calls } = partsWith(
      Array.from({ length: 60 }, (_, number) => old(tokenName('default', number))),
    );
    expect(await sweep(all)).toMatchObject({ tokens: 50 });
    expect(calls.map(({ length }) => length)).toEqual([10, 10, 10, 10, 10]);
    expect(new Set(calls.flat()).size).toBe(50);
  });

  it('counts tokens that still existed, and continues after a failure', async () => {
    const { all, lines } = partsWith(
      Array.from({ length: 21 }, (_, number) => old(tokenName('default', number))),
    );
    let call = 0;
    all.tokens.remove = async (names) => {
      call += 1;
      if (call === 1) throw named('AccessDeniedException');
      return names.slice(1);
    };
    await expect(sweep(all)).rejects.toThrow('1 steps');
    expect(lines).toContainEqual(expect.objectContaining({ step: 'runner tokens' }));
    expect(lines.at(-1)).toMatchObject({ tokens: 9, failures: 1 });
  });

  it('removes none when no check is due, or when SSM or ECS cannot be read', async () => {
    const { all, calls } = partsWith([old()]);
    await sweep({ ...all, tokens: { ...all.tokens, isDue: () => false } });
    const refused = () => Promise.reject(named('ThrottlingException'));
    await expect(sweep({ ...all, readFleets: refused })).rejects.toThrow('1 steps');
    await expect(sweep({ ...all, readClusterState: refused })).rejects.toThrow('1 steps');
    expect(calls).toEqual([]);
  });
});

describe('runner tokens in Parameter Store', () => {
  const client = mockClient(SSMClient);
  let time = 0;
  const tokens = () => createRunnerTokens(new SSMClient({ region: 'eu-west-1' }), () => time);

  beforeEach(() => {
    client.reset();
  });

  it('are checked once an hour', () => {
    const { isDue } = tokens();
    expect([isDue(), isDue()]).toEqual([true, false]);
    time += 60 * minute;
    expect([isDue(), isDue()]).toEqual([true, false]);
  });

  it('are removed by name, without reporting those that were already deleted', async () => {
    client.on(DeleteParametersCommand).resolves({ DeletedParameters: ['a'], InvalidParameters: ['b'] });
    expect(await tokens().remove(['a', 'b'])).toEqual(['a']);
    expect(client.commandCalls(DeleteParametersCommand)[0]?.args[0].input).toEqual({ Names: ['a', 'b'] });
    client.on(DeleteParametersCommand).resolves({});
    expect(await tokens().remove(['b'])).toEqual([]);
  });
});
