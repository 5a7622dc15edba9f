import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { BASE_LOG_FIELDS, LOG_LINES } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it, vi } from 'vitest';
import { fleetDocument, functionUrlEvent, jobHook, pendingHook, SECRET } from './support/receiver.ts';

vi.stubEnv('EVENT_BUS_NAME', 'bus');
vi.stubEnv('PARAMETER_PREFIX', '/p');
vi.stubEnv('AWS_REGION', 'eu-west-1');
// Powertools then writes with the console that the test can watch.
vi.stubEnv('POWERTOOLS_DEV', 'true');

const written: string[] = [];
for (const level of ['info', 'warn', 'error'] as const)
  vi.spyOn(console, level).mockImplementation((line) => void written.push(String(line)));
const ssm = mockClient(SSMClient);
const bus = mockClient(EventBridgeClient);
const { handler } = await import('../src/handler.ts');

it('the log has the fields that queries, metrics and `sgr` read', async () => {
  ssm.on(GetParametersCommand).resolves({
    Parameters: [
      { Name: '/p/fleets/default/config', Value: fleetDocument() },
      { Name: '/p/fleets/default/webhook-secret', Value: SECRET },
      // A rotation is under way.
      { Name: '/p/fleets/default/webhook-secret-previous', Value: 'previous' },
    ],
  });
  bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'id' }] });
  await handler(functionUrlEvent(pendingHook));
  await handler(functionUrlEvent({ ...jobHook, build_status: 'success' }));
  await handler(functionUrlEvent(pendingHook, { headers: { 'x-gitlab-token': 'x' } }));
  await handler(functionUrlEvent('{'));
  await handler(functionUrlEvent('x'.repeat(1024 * 1024 + 1)));
  const lines: Record<string, unknown>[] = written.map((line) => JSON.parse(line));
  expect(lines.map(({ statusCode }) => statusCode)).toEqual([202, 202, 401, 400, 413]);
  for (const line of lines)
    expect(line).toMatchObject({ service: 'webhook-receiver', message: 'webhook answered' });
  expect(lines[1]).toMatchObject({ level: 'INFO', event: 'finished', status: 'success', eventId: 'id' });
  expect(lines[1]).toMatchObject({ secret: 'current' });
  const fields = new Set(lines.flatMap((line) => Object.keys(line)));
  const expected = [...BASE_LOG_FIELDS, ...LOG_LINES['webhook-receiver']['webhook answered']];
  // Powertools' own.
  expect([...fields].filter((field) => field !== 'sampling_rate').toSorted()).toEqual(expected.toSorted());
});
