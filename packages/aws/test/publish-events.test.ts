import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { buildEntry, type EventEntry } from '@serverless-gitlab-runner/shared-events';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EventsNotPublishedError, fullJitter, publishEvents } from '../src/calls/index.ts';

const bus = mockClient(EventBridgeClient);
const client = new EventBridgeClient({ region: 'eu-west-1' });

/** A clock that only `sleep` advances. */
function fakeTiming(start = 0) {
  let now = start;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => now,
    random: () => 0.5,
    sleep: async (milliseconds: number) => {
      sleeps.push(milliseconds);
      now += milliseconds;
    },
  };
}

function entries(count: number) {
  return Array.from({ length: count }, (_, index) =>
    buildEntry('bus', 'ManagerRequested', {
      fleet: 'default',
      occurredAt: '2026-11-23T10:00:00.000Z',
      cause: 'safety-launch',
      runnerTokenParameter: `/key ${index}`,
    }),
  );
}

const publish = (count: number, timing = fakeTiming()) =>
  publishEvents(client, entries(count), { timing, deadlineAt: 5000 });

const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });

beforeEach(() => bus.reset());

describe('publishing events', () => {
  it('returns the ids in the order of the entries, ten entries a call', async () => {
    bus.on(PutEventsCommand).callsFake(({ Entries }) => ({
      FailedEntryCount: 0,
      Entries: Entries.map(({ Detail }: { Detail: string }) => ({
        EventId: JSON.parse(Detail).runnerTokenParameter,
      })),
    }));
    const ids = await publish(23);
    expect(ids).toEqual(Array.from({ length: 23 }, (_, index) => `/key ${index}`));
    expect(bus.commandCalls(PutEventsCommand)).toHaveLength(3);
  });

  it('makes no call for no entries', async () => {
    expect(await publish(0)).toEqual([]);
    expect(bus.commandCalls(PutEventsCommand)).toHaveLength(0);
  });

  it('retries only the refused entries', async () => {
    bus
      .on(PutEventsCommand)
      .resolvesOnce({
        FailedEntryCount: 1,
        Entries: [{ EventId: 'one' }, { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' }],
      })
      .resolvesOnce({ FailedEntryCount: 0, Entries: [{ EventId: 'two' }] });
    const timing = fakeTiming();
    expect(await publish(2, timing)).toEqual(['one', 'two']);
    const [, again] = bus.commandCalls(PutEventsCommand);
    expect(
      again?.args[0].input.Entries?.map(({ Detail }) => JSON.parse(Detail ?? '').runnerTokenParameter),
    ).toEqual(['/key 1']);
    expect(timing.sleeps).toEqual([50]);
  });

  it('returns the right ids when entries are refused repeatedly, at any position in their call', async () => {
    // The entries, of 13, that are refused in the first and in the second attempt.
    const refused = [
      ['key 1', 'key 4', 'key 9', 'key 11'],
      ['key 4', 'key 11'],
    ];
    const puts: string[][] = [];
    let tries = 0;
    bus.on(PutEventsCommand).callsFake(({ Entries }) => {
      const keys: string[] = Entries.map(({ Detail }: { Detail: string }) =>
        JSON.parse(Detail).runnerTokenParameter.slice(1),
      );
      puts.push(keys);
      const refusedNow = refused[tries] ?? [];
      // The first attempt takes two calls.
      if (puts.length !== 1) tries += 1;
      return {
        Entries: keys.map((key) =>
          refusedNow.includes(key) ? { ErrorCode: 'ThrottlingException' } : { EventId: `id of ${key}` },
        ),
      };
    });
    expect(await publish(13)).toEqual(Array.from({ length: 13 }, (_, index) => `id of key ${index}`));
    expect(puts.slice(2)).toEqual([
      ['key 1', 'key 4', 'key 9', 'key 11'],
      ['key 4', 'key 11'],
    ]);
  });

  it('names only the events that were refused in the last attempt', async () => {
    const names = ['JobQueued', 'ManagerLaunched', 'ManagerStopped'] as const;
    const mixed = entries(3).map(
      (entry, index): EventEntry => ({ ...entry, DetailType: names[index] ?? names[0] }),
    );
    const accepted = { EventId: 'x' };
    bus
      .on(PutEventsCommand)
      .resolvesOnce({
        Entries: [accepted, { ErrorCode: 'ThrottlingException' }, { ErrorCode: 'InternalFailure' }],
      })
      .resolvesOnce({ Entries: [accepted, { ErrorCode: 'InternalFailure' }] })
      .resolvesOnce({ Entries: [{ ErrorCode: 'MalformedDetail' }] });
    const failure = publishEvents(client, mixed, { timing: fakeTiming(), deadlineAt: 5000 });
    await expect(failure).rejects.toMatchObject({
      codes: ['MalformedDetail'],
      message:
        'EventBridge did not accept ManagerStopped (MalformedDetail): check the bus and its permissions',
    });
    expect(bus.commandCalls(PutEventsCommand)).toHaveLength(3);
  });

  it('gives up at once when one of several is refused permanently, and names all unpublished events', async () => {
    bus.on(PutEventsCommand).resolves({
      Entries: [{ ErrorCode: 'ThrottlingException' }, { EventId: 'x' }, { ErrorCode: 'MalformedDetail' }],
    });
    await expect(publish(3)).rejects.toMatchObject({
      codes: ['ThrottlingException', 'MalformedDetail'],
      message: expect.stringContaining(
        'ManagerRequested, ManagerRequested (ThrottlingException, MalformedDetail)',
      ),
    });
    expect(bus.commandCalls(PutEventsCommand)).toHaveLength(1);
  });

  it.each([
    [1000, 4000],
    [4999, 1],
    [6000, 1],
  ])('ends a call at the deadline: at %i ms of 5000 within %i ms', async (start, milliseconds) => {
    const signal = new AbortController().signal;
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(signal);
    bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'one' }] });
    expect(await publish(1, fakeTiming(start))).toEqual(['one']);
    expect(timeout).toHaveBeenCalledExactlyOnceWith(milliseconds);
    const [call] = bus.commandCalls(PutEventsCommand);
    expect(call?.args).toEqual([expect.anything(), { abortSignal: signal }]);
    timeout.mockRestore();
  });

  it('retries an entry that got neither an id nor an error code', async () => {
    bus
      .on(PutEventsCommand)
      .resolvesOnce({ Entries: [{}] })
      .resolvesOnce({ Entries: [{ EventId: 'one' }] });
    expect(await publish(1)).toEqual(['one']);
  });

  it('does not count an entry that the answer lacks as published', async () => {
    bus
      .on(PutEventsCommand)
      .resolvesOnce({ Entries: [{ EventId: 'one' }] })
      .resolvesOnce({ Entries: [{ EventId: 'two' }] });
    expect(await publish(2)).toEqual(['one', 'two']);
  });

  it.each([
    [50, 1],
    [51, 2],
  ])('retries only if the pause ends before the deadline: %i ms, %i calls', async (deadlineAt, calls) => {
    bus
      .on(PutEventsCommand)
      .rejectsOnce(throttled)
      .resolves({ Entries: [{ EventId: 'one' }] });
    const result = publishEvents(client, entries(1), { timing: fakeTiming(), deadlineAt });
    await (calls === 1 ? expect(result).rejects.toThrow('ThrottlingException') : result);
    expect(bus.commandCalls(PutEventsCommand)).toHaveLength(calls);
  });

  it('retries a throttled or failed call', async () => {
    bus
      .on(PutEventsCommand)
      .rejectsOnce(throttled)
      .rejectsOnce(Object.assign(new Error('x'), { code: 'ECONNRESET' }))
      .resolvesOnce({ Entries: [{ EventId: 'one' }] });
    expect(await publish(1)).toEqual(['one']);
  });

  it.each([
    ['an entry without an id', { Entries: [{}] }, 'no-event-id'],
    ['an answer without entries', { FailedEntryCount: 0 }, 'no-answer'],
  ])('does not believe %s', async (_title, answer, code) => {
    bus.on(PutEventsCommand).resolves(answer);
    await expect(publish(1)).rejects.toMatchObject({ name: 'EventsNotPublishedError', codes: [code] });
  });

  it('gives up at the deadline and names the unpublished events', async () => {
    bus.on(PutEventsCommand).rejects(throttled);
    const timing = fakeTiming();
    await expect(publish(1, timing)).rejects.toThrow(EventsNotPublishedError);
    expect(timing.now()).toBeLessThan(5000);
    expect(bus.commandCalls(PutEventsCommand).length).toBeGreaterThan(3);
    await expect(publish(1)).rejects.toThrow(/ManagerRequested.*ThrottlingException/);
  });

  it.each([
    [
      'access denied',
      () =>
        bus.on(PutEventsCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' })),
    ],
    [
      'an entry refused permanently',
      () => bus.on(PutEventsCommand).resolves({ Entries: [{ ErrorCode: 'MalformedDetail' }] }),
    ],
  ])('does not retry after %s', async (_title, arrange) => {
    arrange();
    await expect(publish(1)).rejects.toThrow(EventsNotPublishedError);
    expect(bus.commandCalls(PutEventsCommand)).toHaveLength(1);
  });
});

describe('full jitter', () => {
  it.each([
    [1, 0.999, 99],
    [2, 0.999, 199],
    [3, 0.5, 200],
    [10, 0.5, 1000],
    [4, 0, 0],
  ])(
    'waits a random part of a doubling maximum: attempt %i, random %d, %i ms',
    (attempt, random, expected) => {
      expect(fullJitter(attempt, random, 100, 2000)).toBe(expected);
    },
  );
});
