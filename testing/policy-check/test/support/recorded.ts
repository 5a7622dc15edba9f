import { readFileSync } from 'node:fs';
import { evaluateCalls } from '../../src/evaluate-calls.ts';
import { parseRecordings, type RecordedCall, type Recording } from '../../src/recording.ts';
import type { Templates } from '../../src/template.ts';

export const BUS = 'serverless-gitlab-runner';

/** Recorded by `npm run faults`, without times. */
const [recorded] = parseRecordings(
  readFileSync(new URL('../../fixtures/aws-calls.json', import.meta.url), 'utf8'),
);
if (recorded === undefined) throw new Error('the fixture contains no recording');
export const recording: Recording = recorded;

/** Refused actions of the recording with one additional call. */
export async function refusedOf(call: RecordedCall, templates: Templates): Promise<string[]> {
  const { refused } = await evaluateCalls({ ...recording, calls: [...recording.calls, call] }, templates);
  return refused.map(({ action, why }) => `${action}: ${why}`);
}

/** The first recorded call of this caller and operation, with changed parameters. */
export function recordedLike(
  caller: string,
  operation: string,
  parameters: RecordedCall['parameters'],
): RecordedCall {
  const call = recording.calls.find((one) => one.caller.startsWith(caller) && one.operation === operation);
  if (call === undefined) throw new Error(`the recording lacks ${operation} of ${caller}`);
  return { ...call, parameters: { ...call.parameters, ...parameters } };
}

/** A call that is not in the recording. */
export function callOf(caller: string, service: string, operation: string, parameters = {}): RecordedCall {
  return { caller, service, operation, parameters, calls: 1 };
}

/** A recorded entry of PutEvents. */
export function entry(EventBusName: string, Source: string) {
  return { EventBusName, Source, DetailType: 'JobQueued' };
}
