import fc from 'fast-check';
import { mutatedHook, oddHeaders } from './arbitrary-requests.ts';
import { createReceiver, functionUrlEvent, pendingHook, SECRET } from './receiver.ts';

/** The result of a fuzzing run. */
export interface FuzzResult {
  inputs: number;
  /** Number of answers by status. */
  statuses: Record<number, number>;
  slowestMs: number;
  /** Heap in use after each tenth of the inputs, in bytes; after a garbage collection if `--expose-gc` is set. */
  heapBytes: number[];
}

/** Inputs generated and sent at a time, so that memory use stays small. */
const BATCH = 2000;
const PENDING = JSON.stringify(pendingHook);

/** The example's bytes with some overwritten or cut: mostly not JSON, sometimes JSON with another meaning. */
const damagedBytes = fc
  .record({
    edits: fc.array(fc.tuple(fc.nat(PENDING.length - 1), fc.nat(255)), { maxLength: 8 }),
    length: fc.nat(PENDING.length),
    cut: fc.boolean(),
  })
  .map(({ edits, length, cut }) => {
    const bytes = Buffer.from(PENDING);
    for (const [index, value] of edits) bytes[index] = value;
    return cut ? bytes.subarray(0, length) : bytes;
  });

const rawBytes = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));

/** Three of four inputs carry the secret, since unauthenticated requests are refused before they are parsed. */
const request = fc.record({
  body: fc.oneof(mutatedHook, damagedBytes, rawBytes),
  headers: oddHeaders,
  known: fc.integer({ min: 0, max: 3 }),
  query: fc.oneof(fc.constant('fleet=default'), fc.string()),
});

/**
 * Sends random requests to a receiver with working mocks of SSM and the bus.
 * @param inputs number of requests
 * @param seed reproduces the same requests
 * @param report called after each tenth
 */
export async function fuzz(
  inputs: number,
  seed: number,
  report: (done: number) => void,
): Promise<FuzzResult> {
  const receiver = createReceiver({ allowRunnerToken: true });
  const result: FuzzResult = { inputs: 0, statuses: {}, slowestMs: 0, heapBytes: [] };
  const tenth = Math.max(1, Math.ceil(inputs / 10));
  for (let batch = 0; result.inputs < inputs; batch += 1) {
    const numRuns = Math.min(BATCH, inputs - result.inputs);
    for (const { body, headers, known, query } of fc.sample(request, { numRuns, seed: seed + batch })) {
      const authentic = known > 0 ? { 'x-gitlab-token': SECRET } : {};
      const event = functionUrlEvent(body, { headers: { ...headers, ...authentic }, query });
      const startedAt = performance.now();
      const { answer } = await receiver.receive(event);
      result.slowestMs = Math.max(result.slowestMs, performance.now() - startedAt);
      result.statuses[answer.statusCode] = (result.statuses[answer.statusCode] ?? 0) + 1;
      result.inputs += 1;
      if (result.inputs % tenth === 0) {
        globalThis.gc?.();
        result.heapBytes.push(process.memoryUsage().heapUsed);
        report(result.inputs);
      }
    }
    receiver.bus.resetHistory();
    receiver.ssm.resetHistory();
  }
  return result;
}
