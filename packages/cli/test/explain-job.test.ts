import { describe, expect, it } from 'vitest';
import { explainJob } from '../src/why/explain-job.ts';
import type { JobFacts } from '../src/why/job-facts.ts';
import type { Explanation } from '../src/why/verdict.ts';
import { ago, decided, facts, manager, task, webhook } from './support/job.ts';

interface Expected {
  state: Explanation['state'];
  summary: RegExp;
  /** Seconds ago; undefined: unknown. */
  since: number | undefined;
  /** Matches the first advice; undefined: there is none. */
  advice?: RegExp;
}

const assigned = [decided(50, 'recheck: manager-launched'), decided(40, 'recheck: manager-runs')];

describe('why a job waits', () => {
  it.each<[string, Partial<JobFacts>, Expected]>([
    [
      'no webhook has arrived',
      {},
      {
        state: 'unknown',
        summary: /No webhook of this job has arrived within 24 h/,
        since: undefined,
        advice: /Job events/,
      },
    ],
    [
      'webhooks are refused',
      { refusedWebhooks: 3 },
      {
        state: 'unknown',
        summary: /No webhook/,
        since: undefined,
        advice: /^3 webhooks were refused.*secret/,
      },
    ],
    [
      'its event has just arrived',
      { webhooks: [webhook(5)] },
      { state: 'queued', summary: /webhook has arrived/, since: 5 },
    ],
    [
      'the launcher does not answer',
      { webhooks: [webhook(60), webhook(20)] },
      { state: 'queued', summary: /launcher has not answered/, since: 60, advice: /event source/ },
    ],
    [
      'the fleet is full',
      {
        webhooks: [webhook(100)],
        decisions: [
          decided(99, 'recheck: manager-runs'),
          decided(80, 'retry: at-maximum'),
          decided(40, 'retry: at-maximum'),
        ],
        managers: [manager({ jobs: 4 }), manager({ jobs: 3 }), manager({ fleet: 'other', jobs: 9 })],
      },
      {
        state: 'queued',
        summary: /Fleet default is full: it may run 8 jobs at once, and 7 have tasks/,
        since: 80,
        advice: /manager\.max/,
      },
    ],
    [
      'Fargate has no capacity',
      { decisions: [decided(30, 'retry: no-capacity', 'Fargate had no capacity')] },
      {
        state: 'queued',
        summary: /could be started, and it is tried again: Fargate had no capacity/,
        since: 30,
      },
    ],
    [
      'the failure is not known',
      { decisions: [decided(30, 'retry: unknown')] },
      { state: 'queued', summary: /tried again: unknown/, since: 30 },
    ],
    [
      'the runner token is refused',
      { decisions: [decided(30, 'give-up: runner-token-refused', 'GitLab refused the runner token')] },
      {
        state: 'queued',
        summary: /No manager of fleet default is started for it: GitLab refused/,
        since: 30,
        advice: /redrive/,
      },
    ],
    [
      'its manager starts',
      {
        decisions: assigned,
        managers: [manager({ state: 'starting', createdAt: ago(50), startedAt: undefined })],
      },
      { state: 'queued', summary: /A manager of fleet default starts/, since: 50 },
    ],
    [
      'its manager does not start',
      {
        decisions: assigned,
        managers: [manager({ state: 'starting', createdAt: ago(120), startedAt: undefined })],
      },
      { state: 'queued', summary: /starts/, since: 120, advice: /image, subnets/ },
    ],
    [
      'its manager has just started',
      { decisions: assigned, managers: [manager({ startedAt: ago(29) })] },
      { state: 'queued', summary: /has just started and asks GitLab/, since: 29 },
    ],
    [
      'GitLab does not give it to its manager',
      { decisions: assigned, managers: [manager({ startedAt: ago(30) })] },
      { state: 'queued', summary: /has not got this one/, since: 30, advice: /tags/ },
    ],
    [
      'GitLab does not give it to a manager that has run for long',
      { decisions: assigned, managers: [manager({ startedAt: ago(900) })] },
      { state: 'queued', summary: /has not got this one/, since: 40, advice: /tags/ },
    ],
    [
      'its manager has left',
      { decisions: assigned, managers: [manager({ fleet: 'other' })] },
      { state: 'queued', summary: /has left/, since: 40 },
    ],
    [
      'a request without a job was answered for it',
      { decisions: [decided(9, 'manager-launched')], managers: [manager({ startedAt: ago(5) })] },
      { state: 'queued', summary: /has just started/, since: 5 },
    ],
    [
      'no fleet takes its tags',
      { decisions: [decided(9, 'no-fleet-takes-it', 'its tags are gpu')] },
      {
        state: 'queued',
        summary: /No fleet's runner takes it: its tags are gpu/,
        since: 9,
        advice: /tags of a fleet/,
      },
    ],
    [
      'it counts as cancelled',
      { decisions: [decided(9, 'job-overdue')] },
      {
        state: 'queued',
        summary: /counts as cancelled/,
        since: 9,
        advice: /still shows it as pending: in GitLab, compare/,
      },
    ],
    [
      'GitLab says that it does not wait',
      { decisions: [decided(9, 'job-not-waiting', 'canceled')] },
      { state: 'ended', summary: /not waiting any more \(canceled\)/, since: 9 },
    ],
    [
      'GitLab says so without a status',
      { decisions: [decided(9, 'job-not-waiting')] },
      { state: 'ended', summary: /not waiting any more$/, since: 9 },
    ],
    [
      'ECS has forgotten its task',
      { decisions: [decided(7200, 'job-runs')] },
      { state: 'ended', summary: /ended over an hour ago/, since: 7200 },
    ],
    [
      'Fargate prepares its task',
      { decisions: assigned, task: task() },
      { state: 'starting', summary: /Fargate prepares its task/, since: 40 },
    ],
    [
      'Fargate has no place for its task',
      { task: task({ createdAt: ago(120) }) },
      { state: 'starting', summary: /Fargate prepares its task/, since: 120, advice: /quota/ },
    ],
    [
      'its images are pulled',
      { task: task({ pullStartedAt: ago(10) }) },
      { state: 'starting', summary: /pulls the images/, since: 10 },
    ],
    [
      'its images are large',
      { task: task({ createdAt: ago(150), pullStartedAt: ago(130) }) },
      { state: 'starting', summary: /pulls the images/, since: 130, advice: /Smaller images/ },
    ],
    [
      'its containers start',
      { task: task({ pullStartedAt: ago(10), pullStoppedAt: ago(2) }) },
      { state: 'starting', summary: /containers of its task start/, since: 2 },
    ],
    [
      'it runs',
      { task: task({ state: 'running', startedAt: ago(20) }) },
      { state: 'running', summary: /It runs/, since: 20 },
    ],
    [
      'its task is stopping',
      { task: task({ state: 'stopping', stoppingAt: ago(3), stoppedReason: 'Spot interruption' }) },
      { state: 'ended', summary: /is ending: Spot interruption/, since: 3 },
    ],
    [
      'its task has ended',
      {
        decisions: [decided(9, 'job-runs')],
        task: task({ state: 'stopped', stoppingAt: ago(4), stoppedAt: ago(3) }),
      },
      { state: 'ended', summary: /has ended: no reason given/, since: 3 },
    ],
  ])('%s', (_title, given, { state, summary, since, advice }) => {
    const explanation = explainJob(facts(given));
    expect(explanation).toMatchObject({
      jobId: 7,
      state,
      since: since === undefined ? undefined : ago(since),
    });
    expect(explanation.summary).toMatch(summary);
    if (advice) expect(explanation.advice[0]).toMatch(advice);
    else expect(explanation.advice).toEqual([]);
  });
});

describe('what happened to a job', () => {
  it('is told in order, and decisions that repeat the one before are counted', () => {
    const { steps } = explainJob(
      facts({
        webhooks: [webhook(100), webhook(98)],
        decisions: [
          decided(99, 'retry: at-maximum'),
          decided(80, 'retry: at-maximum'),
          decided(60, 'recheck: manager-runs'),
          decided(38, 'job-runs'),
          decided(5, 'give-up: unknown'),
        ],
        task: task({
          pullStartedAt: ago(30),
          pullStoppedAt: ago(20),
          startedAt: ago(19),
          stoppingAt: ago(9),
          stoppedAt: ago(2),
        }),
      }),
    );
    expect(steps.map(({ at, what }) => `${(ago(0) - at) / 1000} ${what}`)).toEqual([
      '100 webhook accepted for fleet default (2 in all)',
      '99 launcher: the fleet is full (2 times)',
      '60 launcher: a manager runs for it',
      '40 task 01234567 requested',
      '38 launcher: it has a task',
      '30 pull of the images started',
      '20 pull of the images ended',
      '19 task runs',
      '9 task is being stopped',
      '5 launcher: give-up: unknown',
      '2 task has ended',
    ]);
  });

  it('is empty for a job of which nothing is known', () => {
    expect(explainJob(facts()).steps).toEqual([]);
  });
});
