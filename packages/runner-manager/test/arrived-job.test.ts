import { expect, it } from 'vitest';
import { arrivedJob } from '../src/job/start/claim-task.ts';
import { jobWith, sessionOf } from './support/job.ts';

const withoutId = { job_info: { name: 'test', project_id: 3 } };
const pipelineOf = (CI_PIPELINE_ID: string) =>
  arrivedJob(sessionOf(withoutId), jobWith({ CI_PIPELINE_ID })).pipeline;

it("takes a pipeline's id from GitLab", () => {
  const session = sessionOf({ job_info: { ...withoutId.job_info, pipeline_id: 7 } });
  expect(arrivedJob(session, jobWith({ CI_PIPELINE_ID: '8' })).pipeline).toBe('7');
});

it.each([
  ['8', '8'],
  ['123456789012345', '123456789012345'],
  ['1234567890123456', ''],
  ['', ''],
  ['-1', ''],
  ['8 ', ''],
  ['\u0001'.repeat(100_000), ''],
])('keeps only a number of what a job may have set', (variable, pipeline) => {
  expect(pipelineOf(variable)).toBe(pipeline);
});
