import { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createReadFleet } from '../src/read-fleet.ts';
import { fleetDocument } from './support/launcher.ts';

const ssmMock = mockClient(SSMClient);
const ssm = new SSMClient({ region: 'eu-west-1' });

beforeEach(() => {
  ssmMock.reset();
});

describe('reading a fleet', () => {
  let now = 0;
  const reader = () => createReadFleet(new SSMProvider({ awsSdkV3Client: ssm }), '/p', () => now);
  const answer = (Value: string) => ({ Parameter: { Value } });

  it('caches a valid document for 30 seconds', async () => {
    ssmMock.on(GetParameterCommand).resolves(answer(fleetDocument({ max: 3 })));
    const read = reader();
    expect(await read('default')).toMatchObject({ config: { manager: { max: 3 } } });
    now += 29_999;
    await read('default');
    expect(ssmMock.commandCalls(GetParameterCommand)).toHaveLength(1);
    now += 1;
    await read('default');
    expect(ssmMock.commandCalls(GetParameterCommand)).toHaveLength(2);
    expect(ssmMock.commandCalls(GetParameterCommand)[0]?.args[0].input).toMatchObject({
      Name: '/p/fleets/default/config',
      WithDecryption: false,
    });
  });

  it('shares one call between concurrent readers', async () => {
    ssmMock.on(GetParameterCommand).resolves(answer(fleetDocument()));
    const read = reader();
    await Promise.all(Array.from({ length: 10 }, () => read('default')));
    expect(ssmMock.commandCalls(GetParameterCommand)).toHaveLength(1);
  });

  it('does not cache a failure', async () => {
    ssmMock
      .on(GetParameterCommand)
      .resolvesOnce(answer('{}'))
      .rejectsOnce(Object.assign(new Error('slow'), { name: 'ThrottlingException' }))
      .resolves(answer(fleetDocument()));
    const read = reader();
    expect(await read('default')).toMatchObject({ failure: { reason: 'invalid-fleet', permanent: true } });
    expect(await read('default')).toMatchObject({ failure: { reason: 'throttled', permanent: false } });
    expect(await read('default')).toHaveProperty('config');
  });

  it('names the parameter of a fleet that does not exist', async () => {
    ssmMock
      .on(GetParameterCommand)
      .rejects(new ParameterNotFound({ message: 'no', $metadata: { httpStatusCode: 400 } }));
    expect(await reader()('nobody')).toMatchObject({
      failure: {
        reason: 'invalid-fleet',
        message: expect.stringContaining('/p/fleets/nobody/config'),
        permanent: true,
      },
    });
  });

  it('reports an empty parameter', async () => {
    ssmMock.on(GetParameterCommand).resolves({});
    expect(await reader()('nobody')).toMatchObject({ failure: { reason: 'invalid-fleet' } });
  });
});
