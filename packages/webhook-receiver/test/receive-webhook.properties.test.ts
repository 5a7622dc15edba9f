import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mutatedHook, oddHeaders } from './support/arbitrary-requests.ts';
import { createReceiver, functionUrlEvent, pendingHook, SECRET } from './support/receiver.ts';

const answers = [202, 204, 400, 401, 404, 405, 413];
const runs = { numRuns: 1500 };

describe('any request', () => {
  it('with a modified job hook is answered, and never with an internal error', async () => {
    const receiver = createReceiver({ allowRunnerToken: true });
    await fc.assert(
      fc.asyncProperty(mutatedHook, oddHeaders, async (hook, headers) => {
        const { answer } = await receiver.receive(
          functionUrlEvent(hook, { headers: { ...headers, 'x-gitlab-token': SECRET } }),
        );
        expect(answers).toContain(answer.statusCode);
        receiver.bus.resetHistory();
      }),
      runs,
    );
  });

  it('with any bytes, headers and query is answered', async () => {
    const receiver = createReceiver();
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        oddHeaders,
        fc.string(),
        async (bytes, headers, query) => {
          const { answer } = await receiver.receive(functionUrlEvent(Buffer.from(bytes), { headers, query }));
          expect(answers).toContain(answer.statusCode);
        },
      ),
      runs,
    );
  });

  it('of any Lambda event is answered', async () => {
    const receiver = createReceiver();
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (event) => {
        expect((await receiver.receive(event)).answer.statusCode).toBe(405);
      }),
      runs,
    );
  });

  it.each([
    ['nested a hundred thousand deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['nested without a closing bracket', '{"a":'.repeat(150_000)],
    [
      'a number of a million digits',
      `{"object_kind":"build","build_status":"pending","build_id":${'9'.repeat(1_000_000)}}`,
    ],
    [
      'a hundred thousand keys',
      `{${Array.from({ length: 60_000 }, (_, index) => `"k${index}":0`).join(',')}}`,
    ],
    [
      'the same key twice',
      `{"build_status":"created","object_kind":"x",${JSON.stringify(pendingHook).slice(1, -1)},"build_id":"x"}`,
    ],
  ])('with a body %s is refused quickly', async (_title, body) => {
    const receiver = createReceiver();
    const startedAt = performance.now();
    const { answer } = await receiver.receive(functionUrlEvent(body));
    expect(answer.statusCode).toBe(400);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  it('with a prototype in its body does not change a prototype', async () => {
    const receiver = createReceiver();
    const body = JSON.stringify(pendingHook).replace('{', '{"__proto__":{"polluted":true},');
    expect((await receiver.receive(functionUrlEvent(body))).answer.statusCode).toBe(202);
    expect('polluted' in {}).toBe(false);
  });
});
