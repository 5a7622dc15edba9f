import { createBook, keyOf } from '@serverless-gitlab-runner/forecast';
import { expect, it } from 'vitest';
import { createRunningJobs } from '../src/ahead/running-jobs.ts';

const KIND = { shape: 'a', cpu: 1024, memory: 2048, capacity: 'FARGATE' };
const named = (name: string) => ({ project: '3', name, isProtected: false, pipeline: '1' });

/** Jobs of one pipeline. */
function createJobs() {
  const at = { now: 0 };
  const book = createBook();
  const jobs = createRunningJobs(book, () => at.now);
  let count = 0;
  return {
    start(name: string): string {
      count += 1;
      const id = `${count}`;
      jobs.arrived(id, named(name));
      jobs.ready(id, KIND, 20);
      return id;
    },
    end(id: string, succeeded: boolean): void {
      at.now += 10_000;
      jobs.scriptEnded(id, succeeded);
      jobs.ended(id);
    },
    failed: () => jobs.pipelines([{ job: named('any'), pipeline: '1' }]).flatMap(({ failed }) => failed),
    passedFailures: (name: string) => book.jobs.get(keyOf(named(name)))?.passedFailures,
  };
}

it('a pipeline lists the jobs that failed, until they are retried successfully', () => {
  const { start, end, failed } = createJobs();
  const other = start('other');
  end(start('lint'), false);
  expect(failed()).toEqual(['lint']);
  end(start('lint'), true);
  expect(failed()).toEqual([]);
  end(other, true);
});

it('a job that arrives after the end of a stage shows that its failures were allowed', () => {
  const { start, end, failed, passedFailures } = createJobs();
  const build = start('build');
  end(start('lint'), false);
  end(build, true);
  start('deploy');
  expect(passedFailures('lint')).toBe(1);
  expect(failed()).toEqual([]);
});

it('neither a retry nor a job that needs another running one shows that', () => {
  const { start, end, failed, passedFailures } = createJobs();
  const build = start('build');
  end(start('lint'), false);
  const needed = start('needs-fast');
  end(needed, true);
  end(build, true);
  end(start('lint'), false);
  expect(passedFailures('lint')).toBe(0);
  expect(failed()).toEqual(['lint']);
});
