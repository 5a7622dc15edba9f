import { describe, expect, it } from 'vitest';
import { SystemFailureError } from '../src/errors.ts';
import { jobIdOf, parseHookEnvironment, parseJobRequest, readJobRequest } from '../src/job/job-request.ts';
import { hookEnvironment } from './support/job.ts';

describe("a hook's environment", () => {
  it('is read as env -0 prints it, whatever the values hold', () => {
    const read = parseHookEnvironment('A=1\0B=x=y\nz\0EMPTY=\0BROKEN\0=odd\0');
    expect([...read]).toEqual([
      ['A', '1'],
      ['B', 'x=y\nz'],
      ['EMPTY', ''],
    ]);
  });

  it.each([
    ['42', 42],
    ['', undefined],
    ['-1', undefined],
    ['x', undefined],
  ])('with the job id %j is about job %s', (text, id) => {
    expect(jobIdOf(hookEnvironment({ CI_JOB_ID: text }))).toBe(id);
  });
});

describe('a job as GitLab sends it', () => {
  it('is taken with fields that nobody here knows, and without those that it may lack', () => {
    const document = JSON.stringify({
      id: 42,
      image: { name: 'alpine', ports: [], new_field: {} },
      services: null,
    });
    const request = parseJobRequest(hookEnvironment(), document);
    expect(request.image?.name).toBe('alpine');
    expect(request.services).toEqual([]);
    expect(request.identity).toEqual({
      instance: 'https://gitlab.example.com',
      jobId: 42,
      jobName: 'unit tests',
      pipelineId: 7,
      projectId: 3,
      projectPath: 'acme/shop',
    });
  });

  it.each(['', '{', '[]', '{"services": "all"}'])('that is %j is a failure of ours', (document) => {
    expect(() => parseJobRequest(hookEnvironment(), document)).toThrow(SystemFailureError);
  });

  it('that the runner does not hand over is a failure of ours, and says what it takes', async () => {
    await expect(readJobRequest(hookEnvironment())).rejects.toThrow('GitLab Runner 13.10 or newer');
  });
});
