import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { LOG_LINES } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { createLogger } from '../src/logger.ts';
import { createEventPublisher } from '../src/publish-events.ts';

const detail = {
  fleet: 'default',
  occurredAt: '2026-11-23T10:00:00.000Z',
  managerTaskArn: 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/0123456789abcdef0123456789abcdef',
  reason: 'drained',
  seconds: 7,
} as const;

it.each([
  ['accepts', { Entries: [{ EventId: 'id' }] }],
  ['refuses', { FailedEntryCount: 1, Entries: [{ ErrorCode: 'NotAuthorized' }] }],
])('an event is a line of the log exactly as published, also if the bus %s it', async (_title, answer) => {
  const events = mockClient(EventBridgeClient);
  events.on(PutEventsCommand).resolves(answer);
  const lines: string[] = [];
  const logger = createLogger('INFO', (line) => lines.push(line));
  const publish = createEventPublisher(new EventBridgeClient({ region: 'eu-west-1' }), 'bus', logger);
  await publish('ManagerStopped', detail);
  const [entry] = events.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries ?? [];
  const line = JSON.parse(lines[0] ?? '');
  expect(line).toMatchObject({ message: 'event', event: 'ManagerStopped' });
  expect(Object.keys(line)).toEqual(expect.arrayContaining([...LOG_LINES['runner-manager'].event]));
  expect(line.detail).toEqual(JSON.parse(entry?.Detail ?? ''));
});
