import { readFileSync } from 'node:fs';
import { evaluateCalls } from '../../src/evaluate-calls.ts';
import { parseRecordings, type RecordedCall, type Recording } from '../../src/recording.ts';
import type { Templates } from '../../src/template.ts';

export const BUS = 'serverless-gitlab-runner';

/** Recorded by `npm run faults`, without the times. */
const [recorded] = parseRecordings(
  readFileSync(new URL('../../fixtures/aws-calls.json', import.meta.url), 'utf8'),
);
if (recorded === undefined) throw new Error('the fixture has no recording');
export const recording: Recording = recorded;

/** What is refused of the recording with one more call. */
export async function refusedOf(call: RecordedCall, templates: Templates): Promise<string[]> {
  const { refused } = await evaluateCalls({ ...recording, calls: [...recording.calls, call] }, templates);
  return refused.map(({ action, why }) => `${action}: ${why}`);
}

/** The first recorded call like this, with other parameters. */
export function like(
  caller: string,
  operation: string,
  parameters: RecordedCall['parameters'],
): RecordedCall {
  const call = recording.calls.find((one) => one.caller.startsWith(caller) && one.operation === operation);
  if (call === undefined) throw new Error(`the recording has no ${operation} of ${caller}`);
  return { ...call, parameters: { ...call.parameters, ...parameters } };
}

/** A call that the recording does not have. */
export function made(caller: string, service: string, operation: string, parameters = {}): RecordedCall {
  return { caller, service, operation, parameters, calls: 1 };
}

/** An entry of PutEvents as it is recorded. */
export function entry(EventBusName: string, Source: string) {
  return { EventBusName, Source, DetailType: 'JobQueued' };
}
