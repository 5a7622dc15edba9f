import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  ParameterAlreadyExists,
  PutParameterCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { createReceiver, fleetDocument, functionUrlEvent, pendingHook, SECRET } from './support/receiver.ts';

const bodyOf = (answer: { body?: string | undefined }) => JSON.parse(answer.body ?? '{}');

describe('503, so that GitLab does not take an unpublished event as delivered', () => {
  const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });

  it.each([
    [
      'the bus denies access',
      (receiver: ReturnType<typeof createReceiver>) => receiver.bus.on(PutEventsCommand).rejects(denied),
    ],
    [
      'the bus refuses the entry',
      (receiver) =>
        receiver.bus
          .on(PutEventsCommand)
          .resolves({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'NotAuthorized' }] }),
    ],
    [
      'the bus throttles for too long',
      (receiver) =>
        receiver.bus
          .on(PutEventsCommand)
          .rejects(Object.assign(new Error('slow'), { name: 'ThrottlingException' })),
    ],
    ['SSM does not return the fleet', (receiver) => receiver.ssm.on(GetParametersCommand).rejects(denied)],
    [
      'SSM does not list the fleets, of which the Lambda knows another one',
      async (receiver) => {
        receiver.parameters.set('/p/fleets/other/config', fleetDocument({}, 'other'));
        await receiver.receive(functionUrlEvent(pendingHook, { query: 'fleet=other' }));
        receiver.ssm.on(GetParametersByPathCommand).rejects(denied);
      },
    ],
    [
      'what the fleet’s document says of its webhook is invalid',
      (receiver) => receiver.parameters.set('/p/fleets/default/config', '{}'),
    ],
  ] as [string, (receiver: ReturnType<typeof createReceiver>) => unknown][])(
    'when %s',
    async (_title, breakIt) => {
      const receiver = createReceiver();
      await breakIt(receiver);
      const { answer } = await receiver.receive(functionUrlEvent(pendingHook));
      expect(answer.statusCode).toBe(503);
      expect(bodyOf(answer)).toEqual({ error: 'unavailable: the event was not published' });
    },
  );

  it('not when a retry succeeds', async () => {
    const receiver = createReceiver();
    receiver.bus
      .on(PutEventsCommand)
      .resolvesOnce({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure' }] })
      .rejectsOnce(Object.assign(new Error('slow'), { name: 'ThrottlingException' }))
      .resolves({ Entries: [{ EventId: 'late' }] });
    const { answer } = await receiver.receive(functionUrlEvent(pendingHook));
    expect(bodyOf(answer)).toEqual({ id: 'late' });
  });
});

describe('the receiver accepts', () => {
  it.each([
    [
      'header names in any case',
      { headers: { 'x-gitlab-token': undefined, 'X-GITLAB-TOKEN': SECRET, 'X-Gitlab-Event': 'Job Hook' } },
    ],
    ['a body in base64', { base64: true }],
    ['unknown query parameters', { query: 'fleet=default&color=red&fleet=other' }],
    ['no event header', { headers: { 'x-gitlab-event': undefined } }],
  ])('%s', async (_title, options) => {
    const receiver = createReceiver();
    expect((await receiver.receive(functionUrlEvent(pendingHook, options))).answer.statusCode).toBe(202);
  });

  it('a byte order mark', async () => {
    const receiver = createReceiver();
    const { answer } = await receiver.receive(functionUrlEvent(`\ufeff${JSON.stringify(pendingHook)}`));
    expect(answer.statusCode).toBe(202);
  });

  it('a repeated webhook: gives the same answer and publishes it once', async () => {
    const receiver = createReceiver();
    const event = functionUrlEvent(pendingHook, { headers: { 'idempotency-key': 'one' } });
    const first = await receiver.receive(event);
    const second = await receiver.receive(event);
    expect(second.answer).toEqual(first.answer);
    expect(receiver.events()).toHaveLength(1);
    expect(second.log.decision).toBe('replay');
  });

  it('one id for two webhooks, and publishes both', async () => {
    const receiver = createReceiver();
    const headers = { 'webhook-id': 'one' };
    await receiver.receive(functionUrlEvent(pendingHook, { headers }));
    await receiver.receive(functionUrlEvent({ ...pendingHook, build_id: 2 }, { headers }));
    expect(receiver.events().map(({ jobId }) => jobId)).toEqual([1977, 2]);
  });

  it('jobs of a fleet whose document is invalid elsewhere: the launcher keeps them until it is corrected', async () => {
    const receiver = createReceiver();
    const document = { ...JSON.parse(fleetDocument()), job: { size: 'large' }, network: {} };
    receiver.parameters.set('/p/fleets/default/config', JSON.stringify(document));
    expect((await receiver.receive(functionUrlEvent(pendingHook))).answer.statusCode).toBe(202);
  });

  it('a retry after a 503, and publishes it then', async () => {
    const receiver = createReceiver();
    const event = functionUrlEvent(pendingHook, { headers: { 'webhook-id': 'one' } });
    receiver.bus
      .on(PutEventsCommand)
      .resolvesOnce({ Entries: [{ ErrorCode: 'NotAuthorized' }] })
      .resolves({ Entries: [{ EventId: 'id' }] });
    expect((await receiver.receive(event)).answer.statusCode).toBe(503);
    expect((await receiver.receive(event)).answer.statusCode).toBe(202);
  });
});

describe('a runner token in the query', () => {
  const token = 'glrt-planted-runner-token';
  const query = `runner_token=${token}`;

  it('is stored in a SecureString, and the event contains its name', async () => {
    const receiver = createReceiver({ allowRunnerToken: true });
    const { answer } = await receiver.receive(functionUrlEvent(pendingHook, { query }));
    expect(answer.statusCode).toBe(202);
    const [put] = receiver.ssm.commandCalls(PutParameterCommand).map((call) => call.args[0].input);
    expect(put).toMatchObject({ Type: 'SecureString', Value: token, Overwrite: false });
    expect(put?.Name).toMatch(/^\/p\/fleets\/default\/runner-tokens\/[0-9a-f]{32}$/);
    expect(receiver.events()).toMatchObject([{ runnerTokenParameter: put?.Name }]);
    expect(JSON.stringify(receiver.events())).not.toContain(token);
  });

  it('is written once, even when another Lambda wrote it first', async () => {
    const receiver = createReceiver({ allowRunnerToken: true });
    await receiver.receive(functionUrlEvent(pendingHook, { query }));
    await receiver.receive(functionUrlEvent({ ...pendingHook, build_id: 2 }, { query }));
    expect(receiver.ssm.commandCalls(PutParameterCommand)).toHaveLength(1);
    receiver.advance(601);
    expect(
      (await receiver.receive(functionUrlEvent({ ...pendingHook, build_id: 3 }, { query }))).answer
        .statusCode,
    ).toBe(202);
    expect(receiver.ssm.commandCalls(PutParameterCommand)).toHaveLength(2);
  });

  describe('that is sent again', () => {
    const day = 86_400;
    const name = expect.stringMatching(/^\/p\/fleets\/default\/runner-tokens\/[0-9a-f]{32}$/);

    /** A receiver that wrote the token `seconds` ago, with functions to send it again and to see what was written. */
    async function laterBy(seconds: number) {
      const receiver = createReceiver({ allowRunnerToken: true });
      const send = () => receiver.receive(functionUrlEvent(pendingHook, { query }));
      await send();
      receiver.advance(seconds);
      const puts = () => receiver.ssm.commandCalls(PutParameterCommand).map((call) => call.args[0].input);
      return { ...receiver, send, puts };
    }

    it.each([
      ['within seven days of its last write is not written', 7 * day, [false, false]],
      ['later is written again, which shows that it is in use', 7 * day + 1, [false, false, true]],
    ])('%s', async (_, seconds, overwrites) => {
      const { send, puts, ssm } = await laterBy(seconds);
      expect((await send()).answer.statusCode).toBe(202);
      expect(puts().map(({ Overwrite }) => Overwrite)).toEqual(overwrites);
      const reads = ssm.commandCalls(GetParameterCommand).map((call) => call.args[0].input);
      expect(reads).toEqual([{ Name: name, WithDecryption: false }]);
    });

    it('is left for another seven days once it was written again', async () => {
      const { send, puts, advance } = await laterBy(8 * day);
      await send();
      advance(6 * day);
      await send();
      expect(puts().map(({ Overwrite }) => Overwrite)).toEqual([false, false, true, false]);
      expect(puts()[2]).toMatchObject({ Name: name, Value: token, Type: 'SecureString' });
    });

    it('is written again when it is deleted between two calls', async () => {
      const { send, puts, parameters, ssm } = await laterBy(1000);
      const stored = [...parameters.keys()].find((key) => key.includes('/runner-tokens/')) ?? '';
      ssm.on(PutParameterCommand, { Overwrite: false }).callsFake(() => {
        parameters.delete(stored);
        throw new ParameterAlreadyExists({ message: 'there is one', $metadata: {} });
      });
      expect((await send()).answer.statusCode).toBe(202);
      expect(puts().at(-1)).toMatchObject({ Name: stored, Overwrite: true, Value: token });
    });

    it('is accepted when its date cannot be read or renewed, which is logged', async () => {
      const { send, ssm, warnings } = await laterBy(8 * day);
      ssm.on(GetParameterCommand).rejects(Object.assign(new Error(token), { name: 'AccessDeniedException' }));
      expect((await send()).answer.statusCode).toBe(202);
      expect(warnings).toEqual([
        expect.stringMatching(/runner-tokens\/[0-9a-f]{32}: AccessDeniedException$/),
      ]);
    });
  });

  it('is ignored for a finished job', async () => {
    const receiver = createReceiver({ allowRunnerToken: true });
    await receiver.receive(functionUrlEvent({ ...pendingHook, build_status: 'success' }, { query }));
    expect(receiver.ssm.commandCalls(PutParameterCommand)).toHaveLength(0);
  });

  it.each([
    ['the fleet does not allow it', {}, query],
    ['it is empty', { allowRunnerToken: true }, 'runner_token='],
    ['it is not a token', { allowRunnerToken: true }, 'runner_token=a%20b%20c%20d%20e'],
    ['it is too long', { allowRunnerToken: true }, `runner_token=${'x'.repeat(300)}`],
  ])('is refused when %s', async (_title, webhook, wrong) => {
    const receiver = createReceiver(webhook);
    const { answer, log } = await receiver.receive(functionUrlEvent(pendingHook, { query: wrong }));
    expect(answer.statusCode).toBe(400);
    expect(bodyOf(answer).error).toMatch(/^runner_token: /);
    expect(JSON.stringify({ answer, log })).not.toContain(token);
  });

  it('is answered with 503 when SSM refuses it, and its value is not logged', async () => {
    const receiver = createReceiver({ allowRunnerToken: true });
    const echo = Object.assign(new Error(`1 validation error: value '${token}'`), {
      name: 'ValidationException',
    });
    receiver.ssm.on(PutParameterCommand).rejects(echo);
    const { answer, log } = await receiver.receive(functionUrlEvent(pendingHook, { query }));
    expect(answer.statusCode).toBe(503);
    expect(log).toMatchObject({ failure: 'ValidationException' });
    expect(JSON.stringify(log)).not.toContain(token);
  });
});

describe('the log', () => {
  it('has one line of fields, without the secret or values from the body', async () => {
    const receiver = createReceiver();
    const { log } = await receiver.receive(functionUrlEvent(pendingHook));
    expect(log).toEqual({
      fleet: 'default',
      decision: 'published',
      event: 'queued',
      jobId: 1977,
      projectId: 380,
      eventId: 'event-1',
      milliseconds: 0,
    });
  });

  it('does not contain a refused body', async () => {
    const receiver = createReceiver();
    const { answer, log } = await receiver.receive(
      functionUrlEvent({ ...pendingHook, build_id: 'planted-value' }),
    );
    expect(JSON.stringify({ answer, log })).not.toContain('planted-value');
  });
});

describe('the calls to SSM of a cold Lambda', () => {
  const reads = ({ ssm }: ReturnType<typeof createReceiver>) =>
    ssm.calls().map(({ args: [command] }) => command.constructor.name);

  it('are one, and none for further webhooks', async () => {
    const receiver = createReceiver();
    for (const _ of [1, 2]) {
      const { answer } = await receiver.receive(functionUrlEvent(pendingHook));
      expect(answer.statusCode).toBe(202);
    }
    expect(reads(receiver)).toEqual(['GetParametersCommand']);
  });

  it('are a list and one more for another fleet', async () => {
    const receiver = createReceiver();
    receiver.parameters.set('/p/fleets/other/config', fleetDocument({}, 'other'));
    receiver.parameters.set('/p/fleets/other/webhook-secret', SECRET);
    for (const query of ['', 'fleet=other', 'fleet=other']) {
      const { answer } = await receiver.receive(functionUrlEvent(pendingHook, { query }));
      expect(answer.statusCode).toBe(202);
    }
    expect(reads(receiver)).toEqual([
      'GetParametersCommand',
      'GetParametersByPathCommand',
      'GetParametersCommand',
    ]);
  });

  it('read one unknown fleet at most', async () => {
    const receiver = createReceiver();
    for (const name of ['nobody', 'no-one', 'none']) {
      const { answer } = await receiver.receive(functionUrlEvent(pendingHook, { query: `fleet=${name}` }));
      expect(answer.statusCode).toBe(404);
    }
    expect(receiver.ssm.commandCalls(GetParametersCommand)).toHaveLength(1);
  });
});
