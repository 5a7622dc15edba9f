import { GetParametersByPathCommand, GetParametersCommand } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { isFresh, isPaused, isUsable } from '../src/cached-value.ts';
import { createCallBudget } from '../src/call-budget.ts';
import { createReceiver, fleetDocument, functionUrlEvent, pendingHook, SECRET } from './support/receiver.ts';

const OTHER = 'rotated-webhook-secret';
const throttled = () => Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });

function prepared() {
  const receiver = createReceiver();
  let jobId = 0;
  const send = async (secret = SECRET, query = '') => {
    jobId += 1;
    const event = functionUrlEvent(
      { ...pendingHook, build_id: jobId },
      { headers: { 'x-gitlab-token': secret }, query },
    );
    return (await receiver.receive(event)).answer.statusCode;
  };
  return {
    ...receiver,
    send,
    fail: (error: () => Error = throttled) => {
      receiver.ssm.on(GetParametersByPathCommand).rejects(error());
      receiver.ssm.on(GetParametersCommand).rejects(error());
    },
    recover: () => {
      const names = (Names: string[]) => ({
        Parameters: Names.filter((Name) => receiver.parameters.has(Name)).map((Name) => ({
          Name,
          Value: receiver.parameters.get(Name) ?? '',
        })),
      });
      receiver.ssm.on(GetParametersCommand).callsFake(({ Names }) => names(Names));
      receiver.ssm
        .on(GetParametersByPathCommand)
        .callsFake(() => names([...receiver.parameters.keys()].filter((name) => name.endsWith('/config'))));
    },
    fleetReads: () => receiver.ssm.commandCalls(GetParametersCommand).length,
    lists: () => receiver.ssm.commandCalls(GetParametersByPathCommand).length,
  };
}

describe('while SSM fails', () => {
  it.each([
    ['it throttles', throttled],
    ['it does not answer', () => Object.assign(new Error('late'), { name: 'TimeoutError' })],
    ['access is denied', () => Object.assign(new Error('no'), { name: 'AccessDeniedException' })],
  ])('because %s, cached values are used for ten minutes, and no longer', async (_title, error) => {
    const receiver = prepared();
    expect(await receiver.send()).toBe(202);
    receiver.fail(error);
    for (const passed of [60, 300, 239.999]) {
      receiver.advance(passed);
      expect(await receiver.send(), `${passed}`).toBe(202);
    }
    receiver.advance(0.001);
    expect(await receiver.send()).toBe(503);
    receiver.recover();
    receiver.advance(10);
    expect(await receiver.send()).toBe(202);
  });

  it('a cold Lambda answers 503', async () => {
    const receiver = prepared();
    receiver.fail();
    expect(await receiver.send()).toBe(503);
  });

  it('SSM is not called for ten seconds after each failure', async () => {
    const receiver = prepared();
    await receiver.send();
    receiver.fail();
    receiver.advance(60);
    await receiver.send();
    const reads = [receiver.fleetReads(), receiver.lists()];
    receiver.advance(9.999);
    await receiver.send();
    await receiver.send('wrong');
    await receiver.send(SECRET, 'fleet=nobody');
    expect([receiver.fleetReads(), receiver.lists()]).toEqual(reads);
    receiver.advance(0.001);
    await receiver.send();
    expect(receiver.fleetReads()).toBe((reads[0] ?? 0) + 1);
    receiver.advance(10);
    await receiver.send(SECRET, 'fleet=nobody');
    expect(receiver.lists()).toBe((reads[1] ?? 0) + 1);
  });

  it('a revoked secret is refused and a rotated one accepted with SSM’s first answer', async () => {
    const receiver = prepared();
    await receiver.send();
    receiver.fail();
    receiver.parameters.set('/p/fleets/default/webhook-secret', OTHER);
    receiver.advance(120);
    expect(await receiver.send()).toBe(202);
    expect(await receiver.send(OTHER)).toBe(401);
    receiver.recover();
    receiver.advance(10);
    expect(await receiver.send(OTHER)).toBe(202);
    expect(await receiver.send(SECRET)).toBe(401);
  });
});

describe('a stranger', () => {
  it('causes one read in two seconds over all fleets, and the owner’s webhooks are accepted', async () => {
    const receiver = prepared();
    const fleets = ['default', 'one', 'two', 'three', 'four', 'five', 'six', 'seven'];
    for (const name of fleets.slice(1)) {
      receiver.parameters.set(`/p/fleets/${name}/config`, fleetDocument({}, name));
      receiver.parameters.set(`/p/fleets/${name}/webhook-secret`, SECRET);
    }
    for (const name of fleets) expect(await receiver.send(SECRET, `fleet=${name}`)).toBe(202);
    const before = receiver.fleetReads();
    for (let tenth = 0; tenth < 400; tenth += 1) {
      for (const name of fleets) expect(await receiver.send(`guess ${tenth}`, `fleet=${name}`)).toBe(401);
      receiver.advance(0.1);
    }
    // A burst of three, and then one every two seconds for forty seconds.
    expect(receiver.fleetReads() - before).toBeLessThanOrEqual(3 + 20);
    expect(receiver.fleetReads() - before).toBeGreaterThan(15);
    expect(await receiver.send()).toBe(202);
  });

  it('delays the acceptance of a rotated secret by at most a minute', async () => {
    const receiver = prepared();
    await receiver.send();
    for (let guess = 0; guess < 5; guess += 1) await receiver.send(`guess ${guess}`);
    receiver.parameters.set('/p/fleets/default/webhook-secret', OTHER);
    expect(await receiver.send(OTHER)).toBe(401);
    receiver.advance(60);
    expect(await receiver.send(OTHER)).toBe(202);
  });

  it('causes one read in two seconds by naming fleets that do not exist', async () => {
    const receiver = prepared();
    await receiver.send();
    receiver.advance(0.001);
    const before = receiver.lists();
    for (let tenth = 0; tenth < 100; tenth += 1) {
      expect(await receiver.send(SECRET, `fleet=nobody-${tenth}`)).toBe(404);
      receiver.advance(0.1);
    }
    expect(receiver.lists() - before).toBe(5);
    expect(receiver.fleetReads()).toBe(1);
  });

  it.each([
    ['one read in two seconds, while its document is unreadable', 503, 'not JSON', 6],
    ['one read, if it has been deleted', 404, undefined, 3],
  ])('causes, by naming a known fleet, %s', async (_title, status, document, reads) => {
    const receiver = prepared();
    receiver.parameters.set('/p/fleets/other/config', fleetDocument({}, 'other'));
    receiver.parameters.set('/p/fleets/other/webhook-secret', SECRET);
    for (const query of ['', 'fleet=other']) expect(await receiver.send(SECRET, query)).toBe(202);
    if (document === undefined) receiver.parameters.delete('/p/fleets/other/config');
    else receiver.parameters.set('/p/fleets/other/config', document);
    receiver.advance(60);
    for (let tenth = 0; tenth < 80; tenth += 1) {
      expect(await receiver.send('guess', 'fleet=other')).toBe(status);
      receiver.advance(0.1);
    }
    expect(receiver.fleetReads()).toBe(reads);
  });
});

describe('concurrent webhooks', () => {
  it('share the reads that they wait for', async () => {
    const receiver = prepared();
    const codes = await Promise.all(Array.from({ length: 10 }, () => receiver.send()));
    expect(new Set(codes)).toEqual(new Set([202]));
    expect([receiver.fleetReads(), receiver.lists()]).toEqual([1, 0]);
  });
});

it.each([
  ['fresh', isFresh, 60_000],
  ['usable', isUsable, 600_000],
  ['skipped after a failure', isPaused, 10_000],
])('a value read from SSM is %s for a limited time', (_title, holds, milliseconds) => {
  expect(holds(1000, 1000 + milliseconds - 1)).toBe(true);
  expect(holds(1000, 1000 + milliseconds)).toBe(false);
  expect(holds(Number.NEGATIVE_INFINITY, 0)).toBe(false);
});

it('a budget is full at first, and refills up to its burst', () => {
  let now = 0;
  const budget = createCallBudget({ burst: 2, refillMs: 100 }, () => now);
  const spend = (times: number) => Array.from({ length: times }, () => budget.spend());
  expect(spend(3)).toEqual([true, true, false]);
  now = 99;
  expect(spend(1)).toEqual([false]);
  now = 100;
  expect(spend(2)).toEqual([true, false]);
  now = 10_000;
  expect(spend(3)).toEqual([true, true, false]);
});
