import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { createReceiver, functionUrlEvent, pendingHook, START } from './support/receiver.ts';

const OLD = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const NEW = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const CURRENT = '/p/fleets/default/signing-token';
const PREVIOUS = '/p/fleets/default/signing-token-previous';

/** Signed by the reference implementation, not by this project's code. */
function signedElsewhere(key: string, id: string, body: string, at: number): Record<string, string> {
  const signature = new Webhook(key).sign(id, new Date(at), body);
  const timestamp = String(Math.floor(at / 1000));
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
}

function hookOf(jobId: number): string {
  return JSON.stringify({ ...pendingHook, build_id: jobId });
}

describe('a signature made by the reference implementation of Standard Webhooks', () => {
  it.each([
    ['over the received body', 202, START, (body: string) => body],
    ['five minutes old', 202, START - 300_000, (body: string) => body],
    ['older than five minutes', 401, START - 302_000, (body: string) => body],
    ['from a clock more than five minutes ahead', 401, START + 302_000, (body: string) => body],
    ['over another body', 401, START, (body: string) => body.replace('1977', '1978')],
  ])('%s is answered %i', async (_title, status, at, change) => {
    const receiver = createReceiver({ accepts: 'signature' });
    receiver.parameters.set(CURRENT, NEW);
    const body = hookOf(1977);
    const headers = signedElsewhere(NEW, 'msg_1', body, at);
    const event = functionUrlEvent(change(body), { headers, base64: true });
    expect((await receiver.receive(event)).answer.statusCode).toBe(status);
  });
});

describe('a signing token rotated under load', () => {
  it('refuses no webhook, and each reaches the bus once', async () => {
    const receiver = createReceiver({ accepts: 'signature' });
    receiver.parameters.set(CURRENT, OLD);
    const jobs = Array.from({ length: 300 }, (_, index) => index + 1);
    for (const jobId of jobs) {
      // The operator's two steps happen under load: store the old token as the previous one, then write the new one.
      if (jobId === 100) receiver.parameters.set(PREVIOUS, OLD);
      if (jobId === 101) receiver.parameters.set(CURRENT, NEW);
      // GitLab starts to use the new one some time after the write.
      const key = jobId > 180 ? NEW : OLD;
      receiver.advance(0.05);
      const body = hookOf(jobId);
      const headers = signedElsewhere(key, `msg_${jobId}`, body, receiver.deps.now());
      const { answer } = await receiver.receive(functionUrlEvent(body, { headers }));
      expect(answer.statusCode, `job ${jobId}`).toBe(202);
    }
    expect(receiver.events().map(({ jobId }) => jobId)).toEqual(jobs);
  });

  it('is refused once it was removed as the previous one', async () => {
    const receiver = createReceiver({ accepts: 'signature' });
    receiver.parameters.set(CURRENT, NEW);
    receiver.parameters.set(PREVIOUS, OLD);
    const send = async (jobId: number) => {
      const headers = signedElsewhere(OLD, `msg_${jobId}`, hookOf(jobId), receiver.deps.now());
      return (await receiver.receive(functionUrlEvent(hookOf(jobId), { headers }))).answer.statusCode;
    };
    expect(await send(1)).toBe(202);
    receiver.parameters.delete(PREVIOUS);
    receiver.advance(61);
    expect(await send(2)).toBe(401);
  });

  it('is told apart in the log, so that an operator sees when the previous one is not used any more', async () => {
    const receiver = createReceiver({ accepts: 'signature' });
    receiver.parameters.set(CURRENT, NEW);
    const secretOf = async (jobId: number, key: string) => {
      const headers = signedElsewhere(key, `msg_${jobId}`, hookOf(jobId), receiver.deps.now());
      return (await receiver.receive(functionUrlEvent(hookOf(jobId), { headers }))).log.secret;
    };
    expect(await secretOf(1, NEW)).toBeUndefined();
    receiver.parameters.set(PREVIOUS, OLD);
    receiver.advance(61);
    expect(await secretOf(2, OLD)).toBe('previous');
    expect(await secretOf(3, NEW)).toBe('current');
  });
});
