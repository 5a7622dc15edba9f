import { GetParametersCommand } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import {
  createReceiver,
  fleetDocument,
  functionUrlEvent,
  pendingHook,
  SECRET,
  SIGNING_TOKEN,
  START,
  signed,
} from './support/receiver.ts';

const body = JSON.stringify(pendingHook);
const noToken = { 'x-gitlab-token': undefined };
const otherKey = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
const [, signature] = signed(body)['webhook-signature'].split(',');

describe('a signed webhook', () => {
  it.each([
    ['a signature', signed(body), 202],
    [
      'one of several signatures',
      { ...signed(body), 'webhook-signature': `v1,AAAA v1a,BBBB v1,${signature}` },
      202,
    ],
    ['a sender’s clock four minutes behind', signed(body, { at: START - 240_000 }), 202],
    ['a sender’s clock four minutes ahead', signed(body, { at: START + 240_000 }), 202],
    ['a signature six minutes old', signed(body, { at: START - 360_000 }), 401],
    ['a signature from six minutes ahead', signed(body, { at: START + 360_000 }), 401],
    ['another key', signed(body, { key: otherKey }), 401],
    ['another body', signed(`${body} `), 401],
    ['another id', { ...signed(body), 'webhook-id': 'msg_2' }, 401],
    ['another time', { ...signed(body), 'webhook-timestamp': String(START / 1000 + 1) }, 401],
    ['no id', { ...signed(body), 'webhook-id': undefined }, 401],
    ['an empty id that was signed', signed(body, { id: '' }), 401],
    ['no time', { ...signed(body), 'webhook-timestamp': undefined }, 401],
    ['a time that is not a number', { ...signed(body), 'webhook-timestamp': 'now' }, 401],
    ['no signature', { ...signed(body), 'webhook-signature': undefined }, 401],
    ['an empty signature', { ...signed(body), 'webhook-signature': 'v1,' }, 401],
    ['an unknown version', { ...signed(body), 'webhook-signature': `v2,${signature}` }, 401],
    [
      'the right one as the ninth',
      { ...signed(body), 'webhook-signature': `${'v1,AAAA '.repeat(8)}v1,${signature}` },
      401,
    ],
  ])('with %s', async (_title, headers, statusCode) => {
    const receiver = createReceiver();
    const { answer } = await receiver.receive(
      functionUrlEvent(body, { headers: { ...noToken, ...headers } }),
    );
    expect(answer.statusCode).toBe(statusCode);
  });

  it('is checked over the raw bytes, also if they arrive in base64', async () => {
    const receiver = createReceiver();
    const bytes = Buffer.from(JSON.stringify({ ...pendingHook, ref: 'grün' }, null, 2));
    const event = functionUrlEvent(bytes, { headers: { ...noToken, ...signed(bytes) } });
    expect((await receiver.receive(event)).answer.statusCode).toBe(202);
  });

  it('is published once when it is sent again within its tolerance', async () => {
    const receiver = createReceiver({ accepts: 'signature' });
    const event = functionUrlEvent(body, { headers: signed(body) });
    await receiver.receive(event);
    receiver.advance(200);
    expect((await receiver.receive(event)).answer.statusCode).toBe(202);
    expect(receiver.events()).toHaveLength(1);
    receiver.advance(200);
    expect((await receiver.receive(event)).answer.statusCode).toBe(401);
  });
});

describe('what a fleet accepts', () => {
  const token = { 'x-gitlab-token': SECRET };
  const both = { ...token, ...signed(body) };
  const badSignature = signed(body, { key: otherKey });
  it.each([
    ['token', 'the token', token, 202],
    ['token', 'the signature', { ...noToken, ...signed(body) }, 401],
    ['signature', 'the token', token, 401],
    ['signature', 'the signature', { ...noToken, ...signed(body) }, 202],
    ['signature', 'the token and a wrong signature', { ...token, ...badSignature }, 401],
    ['either', 'both', both, 202],
    ['either', 'the token and a wrong signature', { ...token, ...badSignature }, 202],
    ['either', 'a wrong token and the signature', { 'x-gitlab-token': 'x', ...signed(body) }, 202],
    ['either', 'neither', noToken, 401],
  ] as const)('%s: %s', async (accepts, _title, headers, statusCode) => {
    const receiver = createReceiver({ accepts });
    expect((await receiver.receive(functionUrlEvent(body, { headers }))).answer.statusCode).toBe(statusCode);
  });

  it('is nothing without any secret', async () => {
    const receiver = createReceiver();
    receiver.parameters.delete('/p/fleets/default/webhook-secret');
    receiver.parameters.delete('/p/fleets/default/signing-token');
    for (const headers of [noToken, { 'x-gitlab-token': '' }, signed(body, { key: 'whsec_' })])
      expect((await receiver.receive(functionUrlEvent(body, { headers }))).answer.statusCode).toBe(401);
  });

  it('is nothing with a malformed signing token, which is reported', async () => {
    const receiver = createReceiver();
    receiver.parameters.set('/p/fleets/default/signing-token', 'whsec_');
    receiver.parameters.set('/p/fleets/default/signing-token-previous', 'not-one');
    const headers = { ...noToken, ...signed(body, { key: 'whsec_' }) };
    expect((await receiver.receive(functionUrlEvent(body, { headers }))).answer.statusCode).toBe(401);
    expect(receiver.warnings.slice(0, 2)).toEqual([
      '/p/fleets/default/signing-token',
      '/p/fleets/default/signing-token-previous',
    ]);
  });
});

describe('secrets and their rotation', () => {
  const send = (receiver: ReturnType<typeof createReceiver>, secret: string) =>
    receiver
      .receive(functionUrlEvent(body, { headers: { 'x-gitlab-token': secret } }))
      .then(({ answer }) => answer.statusCode);
  const reads = (receiver: ReturnType<typeof createReceiver>) =>
    receiver.ssm.commandCalls(GetParametersCommand).length;

  it('are read once a minute', async () => {
    const receiver = createReceiver();
    await send(receiver, SECRET);
    receiver.advance(59);
    await send(receiver, SECRET);
    expect(reads(receiver)).toBe(1);
    receiver.advance(1);
    await send(receiver, SECRET);
    expect(reads(receiver)).toBe(2);
  });

  it('are read again when a comparison fails, so that a new secret works at once', async () => {
    const receiver = createReceiver();
    await send(receiver, SECRET);
    receiver.advance(1);
    receiver.parameters.set('/p/fleets/default/webhook-secret', 'new');
    receiver.parameters.set('/p/fleets/default/webhook-secret-previous', SECRET);
    expect(await send(receiver, 'new')).toBe(202);
    expect(await send(receiver, SECRET)).toBe(202);
    receiver.parameters.delete('/p/fleets/default/webhook-secret-previous');
    receiver.advance(60);
    expect(await send(receiver, SECRET)).toBe(401);
  });

  it('include both signing tokens during a rotation', async () => {
    const receiver = createReceiver({ accepts: 'signature' });
    receiver.parameters.set('/p/fleets/default/signing-token', otherKey);
    receiver.parameters.set('/p/fleets/default/signing-token-previous', SIGNING_TOKEN);
    for (const key of [otherKey, SIGNING_TOKEN]) {
      const event = functionUrlEvent(body, { headers: signed(body, { key }) });
      expect((await receiver.receive(event)).answer.statusCode).toBe(202);
    }
  });

  it('are rotated under load without losing a webhook', async () => {
    const receiver = createReceiver();
    let current = 'secret-0';
    receiver.parameters.set('/p/fleets/default/webhook-secret', current);
    for (let count = 1; count <= 300; count += 1) {
      if (count % 25 === 0) {
        receiver.parameters.set('/p/fleets/default/webhook-secret-previous', current);
        current = `secret-${count}`;
        receiver.parameters.set('/p/fleets/default/webhook-secret', current);
      }
      // GitLab gets the new secret a few webhooks after SSM.
      const sent =
        count % 25 < 5 && count >= 25
          ? (receiver.parameters.get('/p/fleets/default/webhook-secret-previous') ?? '')
          : current;
      expect(await send(receiver, sent)).toBe(202);
      receiver.advance(1);
    }
  });

  it('are protected from floods: wrong secrets cause one read of SSM in two seconds', async () => {
    const receiver = createReceiver();
    for (let count = 0; count < 100; count += 1) {
      await send(receiver, `guess ${count}`);
      receiver.advance(0.1);
    }
    expect(reads(receiver)).toBeLessThanOrEqual(7);
  });

  it('are not cached when the read failed', async () => {
    const receiver = createReceiver();
    receiver.ssm
      .on(GetParametersCommand)
      .rejectsOnce(new Error('no'))
      .callsFake(({ Names }: { Names: string[] }) => ({
        Parameters: Names.flatMap((Name) => ({ Name, Value: receiver.parameters.get(Name) })),
      }));
    expect(await send(receiver, SECRET)).toBe(503);
    expect(await send(receiver, SECRET)).toBe(202);
  });
});

describe('fleets', () => {
  const send = (receiver: ReturnType<typeof createReceiver>, fleet: string) =>
    receiver
      .receive(functionUrlEvent(body, { query: `fleet=${fleet}` }))
      .then(({ answer }) => answer.statusCode);
  const lists = (receiver: ReturnType<typeof createReceiver>) =>
    receiver.ssm.calls().filter((call) => call.args[0].constructor.name === 'GetParametersByPathCommand')
      .length;

  it('that are new are found within seconds', async () => {
    const receiver = createReceiver();
    expect(await send(receiver, 'new')).toBe(404);
    receiver.parameters.set('/p/fleets/new/config', fleetDocument({}, 'new'));
    receiver.parameters.set('/p/fleets/new/webhook-secret', SECRET);
    receiver.advance(2);
    expect(await send(receiver, 'new')).toBe(202);
  });

  it('that do not exist cannot cause a flood of SSM calls', async () => {
    const receiver = createReceiver();
    for (let count = 0; count < 100; count += 1) {
      await send(receiver, `guess-${count}`);
      receiver.advance(0.1);
    }
    expect(lists(receiver)).toBeLessThanOrEqual(7);
  });

  it('whose document was invalid are read again soon', async () => {
    const receiver = createReceiver();
    const valid = receiver.parameters.get('/p/fleets/default/config') ?? '';
    receiver.parameters.set('/p/fleets/default/config', valid.replace('"default"', '"renamed"'));
    expect(await send(receiver, 'default')).toBe(503);
    receiver.parameters.set('/p/fleets/default/config', valid);
    receiver.advance(2);
    expect(await send(receiver, 'default')).toBe(202);
  });

  it('are read again every minute', async () => {
    const receiver = createReceiver();
    await send(receiver, 'default');
    receiver.parameters.delete('/p/fleets/default/config');
    receiver.advance(59);
    expect(await send(receiver, 'default')).toBe(202);
    receiver.advance(1);
    expect(await send(receiver, 'default')).toBe(404);
  });
});
