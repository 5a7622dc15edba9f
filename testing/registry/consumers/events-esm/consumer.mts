/** An ES module that reads events: what a consumer's compiler and Node make of the installed package. */
import {
  buildEntry,
  type EventName,
  parseEvent,
  type ReadDetail,
} from '@serverless-gitlab-runner/shared-events';

const { Source, DetailType, Detail } = buildEntry('bus', 'JobFinished', {
  fleet: 'default',
  occurredAt: '2026-11-23T10:00:00Z',
  instance: 'https://gitlab.example.com',
  projectId: 1,
  pipelineId: 2,
  jobId: 3,
  jobName: 'test',
  status: 'success',
});
const delivered = { ...JSON.parse(Detail), status: 'added-later', moonPhase: 'full' };
const event = parseEvent({ id: '1', source: Source, 'detail-type': DetailType, time: '', detail: delivered });

if (event.name !== 'JobFinished') throw new Error(`${event.name satisfies EventName} instead of JobFinished`);
const detail: ReadDetail<'JobFinished'> = event.detail;
const status: 'success' | 'failed' | 'canceled' | (string & {}) = detail.status;
// @ts-expect-error fields that the schema does not have are not typed
detail.moonPhase;
console.log(JSON.stringify({ status, moonPhase: 'moonPhase' in detail }));
