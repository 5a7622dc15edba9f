import type { Answer, Call } from '@serverless-gitlab-runner/fault-proxy';

/** Answer of PutEvents when the bus rejects every entry because of a temporary error. The call itself succeeds. */
export function refusedEntry({ parameters }: Call): Answer {
  const entries = Array.isArray(parameters.Entries) ? parameters.Entries : [];
  const refused = { ErrorCode: 'InternalException', ErrorMessage: 'An internal error occurred.' };
  const body = { FailedEntryCount: entries.length, Entries: entries.map(() => refused) };
  const headers = { 'content-type': 'application/x-amz-json-1.1' };
  return { status: 200, headers, body: Buffer.from(JSON.stringify(body)) };
}
