import { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { GetParameterCommand, GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createListFleets } from '../src/list-fleets.ts';
import { createApiTokens } from '../src/read-api-token.ts';
import { fleetDocument, named } from './support/launcher.ts';

const ssm = new SSMClient({ region: 'eu-west-1' });
const mock = mockClient(ssm);
let now = 0;

beforeEach(() => {
  mock.reset();
  now = 0;
});

describe('the token for GitLab’s API', () => {
  const tokens = () => createApiTokens(new SSMProvider({ awsSdkV3Client: ssm }), '/p', () => now);
  const AUTHORITIES = '/p/fleets/default/ca';
  const answer = (Value: string | undefined) => {
    mock.on(GetParameterCommand).resolves({ Parameter: { Value } });
    mock.on(GetParameterCommand, { Name: AUTHORITIES }).rejects(named('ParameterNotFound'));
  };

  it('is decrypted, trimmed, and cached for five minutes', async () => {
    answer('glpat-1\n');
    const { read } = tokens();
    expect(await read('default')).toEqual({ token: 'glpat-1', authorities: undefined });
    answer('glpat-2');
    now = 299_999;
    expect(await read('default')).toEqual({ token: 'glpat-1', authorities: undefined });
    now = 300_000;
    expect(await read('default')).toEqual({ token: 'glpat-2', authorities: undefined });
    expect(mock.commandCalls(GetParameterCommand)[0]?.args[0].input).toEqual({
      Name: '/p/fleets/default/api-token',
      WithDecryption: true,
    });
  });

  it('is read again once GitLab refused it', async () => {
    answer('old');
    const { read, forget } = tokens();
    await read('default');
    answer('new');
    forget('default');
    expect(await read('default')).toEqual({ token: 'new', authorities: undefined });
  });

  it('comes with the authorities of its GitLab, if there are any', async () => {
    answer('token');
    mock.on(GetParameterCommand, { Name: AUTHORITIES }).resolves({ Parameter: { Value: 'certificates' } });
    expect(await tokens().read('default')).toEqual({ token: 'token', authorities: 'certificates' });
  });

  it('is not used if the authorities cannot be read: GitLab may be unreachable without them', async () => {
    answer('token');
    mock.on(GetParameterCommand, { Name: AUTHORITIES }).rejects(named('ThrottlingException'));
    expect(await tokens().read('default')).toMatchObject({ isTransient: true });
  });

  it.each([
    ['ParameterNotFound', false],
    ['AccessDeniedException', false],
    ['ThrottlingException', true],
  ])('is missing, with the reason, after %s', async (name, isTransient) => {
    mock.on(GetParameterCommand).rejects(named(name));
    expect(await tokens().read('default')).toEqual({
      missing: `/p/fleets/default/api-token: ${name}`,
      isTransient,
    });
  });

  it('is missing when its parameter is empty', async () => {
    answer(' ');
    expect(await tokens().read('default')).toEqual({
      missing: '/p/fleets/default/api-token is empty',
      isTransient: false,
    });
  });
});

describe('the list of fleets', () => {
  const listFleets = () => createListFleets(ssm, '/p', () => now);

  it('contains every fleet with a valid document, and no secret', async () => {
    mock
      .on(GetParametersByPathCommand)
      .resolvesOnce({
        Parameters: [
          { Name: '/p/fleets/default/config', Value: fleetDocument() },
          { Name: '/p/fleets/default/api-token', Value: 'encrypted' },
        ],
        NextToken: 'more',
      })
      .resolvesOnce({ Parameters: [{ Name: '/p/fleets/broken/config', Value: '{' }] });
    const fleets = await listFleets()();
    expect(fleets.map(({ name }) => name)).toEqual(['default']);
    expect(JSON.stringify(fleets)).not.toContain('encrypted');
    const inputs = mock.commandCalls(GetParametersByPathCommand).map((call) => call.args[0].input);
    expect(inputs).toHaveLength(2);
    for (const { Path, Recursive, WithDecryption } of inputs)
      expect([Path, Recursive, WithDecryption]).toEqual(['/p/fleets', true, undefined]);
  });

  it('is cached for 30 seconds, and read again after a failure', async () => {
    const list = listFleets();
    mock
      .on(GetParametersByPathCommand)
      .rejectsOnce(named('ThrottlingException'))
      .resolves({ Parameters: [] });
    await expect(list()).rejects.toThrow();
    await list();
    await list();
    expect(mock.commandCalls(GetParametersByPathCommand)).toHaveLength(2);
    now = 30_000;
    await list();
    expect(mock.commandCalls(GetParametersByPathCommand)).toHaveLength(3);
  });
});
