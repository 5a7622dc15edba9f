import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InvalidTraceError, parseGitLabTrace, readGitLabTrace } from '../src/trace/gitlab-trace.ts';

const FIXTURE = join(import.meta.dirname, '../fixtures/jobs.json');
const trace = readGitLabTrace(FIXTURE);

const job = {
  id: 1,
  name: 'unit',
  stage: 'test',
  status: 'success',
  ref: 'main',
  tag: false,
  created_at: '2026-11-02T09:00:00.000Z',
  started_at: '2026-11-02T09:00:05.000Z',
  duration: 10,
  pipeline: { id: 1 },
};
const parse = (...jobs: object[]) => parseGitLabTrace(JSON.stringify(jobs), 'jobs');

describe('a trace from GitLab', () => {
  it('contains the pipelines in the order of their creation, with the stages that ran', () => {
    const stages = trace.pipelines.map((pipeline) =>
      pipeline.stages.map((jobs) => jobs.map(({ name }) => name)),
    );
    expect(stages).toEqual([
      [['compile'], ['unit', 'lint'], ['release']],
      [['compile'], ['unit', 'lint']],
      [['compile']],
    ]);
    expect(trace.pipelines.map(({ at }) => at / 1000)).toEqual([32_400, 34_200, 37_800]);
  });

  it('contains the attempts of a retried job as one job', () => {
    const [unit] = trace.pipelines[1]?.stages[1] ?? [];
    expect(unit?.attempts).toEqual([
      { seconds: 60.5, succeeded: false },
      { seconds: 138.8, succeeded: true },
    ]);
  });

  it('contains the failure that ended a pipeline', () => {
    expect(trace.pipelines[2]?.stages[0]?.[0]?.attempts).toEqual([{ seconds: 20.3, succeeded: false }]);
  });

  it('counts a failure that did not end its pipeline as a success', () => {
    const { pipelines } = parse(
      { ...job, status: 'failed' },
      { ...job, id: 2, stage: 'deploy', name: 'release' },
    );
    expect(pipelines[0]?.stages[0]?.[0]?.attempts).toEqual([{ seconds: 10, succeeded: true }]);
  });

  it.each([
    ['the main branch', {}, true],
    ['a tag', { ref: 'v1', tag: true }, true],
    ['another branch', { ref: 'feature' }, false],
  ])('counts %s as protected: %s', (_, over, expected) => {
    expect(parse({ ...job, ...over }).pipelines[0]?.isProtected).toBe(expected);
  });

  it.each([
    ['text that is not JSON', '{', 'jobs is not valid JSON'],
    ['an object', '{}', "jobs is not a list of jobs of GitLab's jobs API"],
    ['a job without a stage', '[{"id": 1}]', '[0].stage'],
    ['a list without a job that ran', '[]', 'jobs contains no job with started_at and duration'],
  ])('is not read from %s', (_, text, message) => {
    expect(() => parseGitLabTrace(text, 'jobs')).toThrow(InvalidTraceError);
    expect(() => parseGitLabTrace(text, 'jobs')).toThrow(message);
  });

  it('is not read from a missing file', () => {
    expect(() => readGitLabTrace('/no/such/file')).toThrow('cannot read /no/such/file');
  });
});
