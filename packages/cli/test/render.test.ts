import { describe, expect, it } from 'vitest';
import { duration } from '../page/format.js';
import type { Status } from '../src/status/read-status.ts';
import { renderStatus } from '../src/status/render-status.ts';
import { explainJob } from '../src/why/explain-job.ts';
import { renderJob } from '../src/why/render-job.ts';
import { wrap } from '../src/wrap.ts';
import { ago, decided, facts, manager, now, webhook } from './support/job.ts';

describe('a duration', () => {
  it.each([
    [-5, '0 s'],
    [0, '0 s'],
    [119_999, '119 s'],
    [120_000, '2 min'],
    [7_199_999, '119 min'],
    [7_200_000, '2 h'],
    [172_800_000, '2 d'],
  ])('of %i ms is %s', (ms, expected) => expect(duration(ms)).toBe(expected));
});

describe('wrapping', () => {
  it('breaks lines at words, and leaves long words whole', () => {
    expect(wrap('one two three https://a-long-word', 10, '  ')).toEqual([
      '  one two',
      '  three',
      '  https://a-long-word',
    ]);
  });
});

describe.each([80, 140])('a job on a screen of %i columns', (columns) => {
  const full = facts({
    webhooks: [webhook(100)],
    decisions: [decided(99, 'retry: at-maximum'), decided(40, 'retry: at-maximum')],
    managers: [manager({ jobs: 4 })],
  });

  it('fits, and has no colours where there is no terminal', () => {
    for (const one of [full, facts(), facts({ refusedWebhooks: 2 })]) {
      const lines = renderJob(explainJob(one), now, columns);
      expect(lines.filter((line) => line.length > columns)).toEqual([]);
      expect(lines.join('')).not.toContain('\u001b');
    }
  });

  it('tells how long ago a job ended', () => {
    const ended = facts({ decisions: [decided(9, 'job-not-waiting', 'canceled')] });
    expect(renderJob(explainJob(ended), now, 200).slice(0, 2)).toEqual([
      'Job 7 has ended',
      'GitLab said that it was not waiting any more (canceled) (9 s ago).',
    ]);
    expect(renderJob(explainJob(facts()), now, 200)[0]).toBe('Job 7 unknown');
  });

  it('shows state, reason, what to do and what happened', () => {
    expect(renderJob(explainJob(full), now, 200)).toEqual([
      'Job 7 waits, known for 100 s',
      'Fleet default is full: it may run 8 jobs at once, and 4 have tasks (for 99 s).',
      '',
      'What to do:',
      "- Raise the fleet's manager.max or manager.concurrentJobs, or wait until a job ends.",
      '',
      'What happened:',
      '  10:08:20  100 s ago  webhook accepted for fleet default',
      '  10:08:21   99 s ago  launcher: the fleet is full (2 times)',
    ]);
  });
});

describe('a status', () => {
  const status: Status = {
    region: 'eu-west-1',
    fleets: [
      {
        name: 'default',
        gitlabUrl: 'https://gitlab.com',
        maxManagers: 2,
        concurrentJobs: 4,
        runnerToken: true,
        webhookSecret: true,
      },
    ],
    managers: [
      {
        ...{ taskId: '0123456789', fleet: 'default', slot: 1, state: 'draining', since: ago(65), jobs: 1 },
        isOutdated: false,
      },
    ],
    jobTasks: [
      { jobId: 7, taskId: 'abcdef0123', fleet: 'default', state: 'running', since: ago(20) },
      { jobId: undefined, taskId: 'fedcba9876', fleet: 'default', state: 'starting', since: undefined },
    ],
    queue: { messages: 1, launcherDeadLetters: 0, reaperDeadLetters: 0 },
  };

  it('shows what runs', () => {
    expect(renderStatus(status, now, 80)).toEqual([
      'serverless-gitlab-runner in eu-west-1',
      '',
      'Fleets',
      '  name     managers   jobs each  GitLab',
      '  default  at most 2  4          https://gitlab.com',
      '',
      'Managers',
      '  task      fleet    slot  state     for   jobs',
      '  01234567  default  1     draining  65 s  1',
      '',
      'Job tasks',
      '  job            task      fleet    state     for',
      '  7              abcdef01  default  running   20 s',
      '  started ahead  fedcba98  default  starting',
      '',
      'Queue: 1 job is looked at again until a task runs.',
    ]);
  });

  it('names managers that keep an earlier version, and how to replace those that still take jobs', () => {
    const [manager] = status.managers;
    if (!manager) throw new Error('the status has no manager');
    const shown = (...managers: Partial<typeof manager>[]) =>
      renderStatus({ ...status, managers: managers.map((one) => ({ ...manager, ...one })) }, now, 300);
    const draining = shown({ isOutdated: true });
    expect(draining.find((line) => line.includes('01234567'))).toContain('draining, outdated');
    expect(draining.join('\n')).not.toContain('sgr drain');
    const one = { isOutdated: true, state: 'running' } as const;
    expect(shown(one).at(-1)).toMatch(/1 manager keeps an earlier version .* sgr drain replaces it,/);
    expect(shown(one, { ...one, state: 'starting' }).at(-1)).toMatch(/2 managers keep .* replaces them,/);
  });

  it('does not ask for the secret of a fleet that gets its jobs by the webhook of another one', () => {
    const [first] = status.fleets;
    if (!first) throw new Error('the status has no fleet');
    const large = { ...first, name: 'large', webhookSecret: false };
    const shown = (usesApi: boolean, gitlabUrl = first.gitlabUrl ?? '') =>
      renderStatus({ ...status, fleets: [{ ...first, usesApi, gitlabUrl }, large] }, now, 200).join('\n');
    expect(shown(true)).not.toContain('no webhook secret');
    expect(shown(false)).toContain('Fleet large has no webhook secret');
    expect(shown(true, 'https://gitlab.example.com')).toContain('Fleet large has no webhook secret');
  });

  it('names what keeps jobs from running, with the command that mends it', () => {
    const lines = renderStatus(
      {
        ...status,
        fleets: [
          { name: 'broken', problem: 'manager.max: too small', runnerToken: false, webhookSecret: false },
        ],
        managers: [],
        jobTasks: [],
        queue: { messages: 0, launcherDeadLetters: 1, reaperDeadLetters: 2 },
      },
      now,
      80,
    );
    const text = lines.join(' ');
    for (const expected of [
      'Managers: none',
      'The document of fleet broken is invalid: manager.max: too small',
      'no runner token, so no manager is started',
      'no webhook secret, so every webhook is refused',
      '3 messages are in the dead-letter queues (launcher 1, reaper 2): npx sgr redrive',
    ])
      expect(text).toContain(expected);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });
});
