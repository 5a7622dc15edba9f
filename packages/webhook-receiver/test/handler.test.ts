import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it, vi } from 'vitest';
import { answerInTime } from '../src/answer-in-time.ts';
import { readEnvironment } from '../src/environment.ts';
import { fleetDocument, functionUrlEvent, pendingHook, SECRET } from './support/receiver.ts';

vi.stubEnv('EVENT_BUS_NAME', 'bus');
vi.stubEnv('PARAMETER_PREFIX', '/p');
vi.stubEnv('AWS_REGION', 'eu-west-1');
vi.stubEnv('LOG_LEVEL', 'SILENT');

const ssm = mockClient(SSMClient);
const bus = mockClient(EventBridgeClient);
const { handler } = await import('../src/handler.ts');

describe('the Lambda', () => {
  it('answers with the event’s id, and logs without a secret', async () => {
    ssm.on(GetParametersCommand).resolves({
      Parameters: [
        { Name: '/p/fleets/default/config', Value: fleetDocument() },
        { Name: '/p/fleets/default/webhook-secret', Value: SECRET },
      ],
    });
    bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'id' }] });
    expect(await handler(functionUrlEvent(pendingHook))).toMatchObject({
      statusCode: 202,
      body: '{"id":"id"}',
    });
    expect(
      await handler(functionUrlEvent(pendingHook, { headers: { 'x-gitlab-token': 'x' } })),
    ).toMatchObject({ statusCode: 401 });
    expect(await handler(functionUrlEvent('{'))).toMatchObject({ statusCode: 400 });
    bus.on(PutEventsCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
    expect(await handler(functionUrlEvent(pendingHook))).toMatchObject({ statusCode: 503 });
    expect(await handler(undefined)).toMatchObject({ statusCode: 405 });
  });
});

describe('an answer that is not ready in time', () => {
  it('is a 503', async () => {
    const { answer, log } = await answerInTime(
      () => Promise.withResolvers<never>().promise,
      { now: () => 0 },
      20,
    );
    expect(answer.statusCode).toBe(503);
    expect(log.decision).toBe('too slow');
  });
});

describe('the environment', () => {
  it('names missing variables, and has a default prefix', () => {
    expect(() => readEnvironment({})).toThrow('EVENT_BUS_NAME');
    expect(readEnvironment({ EVENT_BUS_NAME: 'bus' }).PARAMETER_PREFIX).toBe('/serverless-gitlab-runner');
  });
});
