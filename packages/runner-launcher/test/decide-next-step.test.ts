import { describe, expect, it } from 'vitest';
import { decideNextStep, type StepFacts } from '../src/decide-next-step.ts';
import { manager } from './support/plan.ts';

const now = 1_000_000;
const request = (jobId: number | undefined, receiveCount = 1) =>
  ({ eventId: `e${jobId}`, jobId, message: { receiveCount } }) as StepFacts['requests'][number];
const config = (idleSeconds: number) => ({ manager: { idleSeconds } }) as StepFacts['config'];

type Case = Partial<{
  mark: StepFacts['plan']['mark'];
  launch: number[];
  marked: string[];
  endedTasks: StepFacts['state']['endedTasks'];
  requests: StepFacts['requests'];
  idleSeconds: number;
}>;

function stepOf(given: Case): string {
  const { mark = [], launch = [], marked = [], endedTasks, requests = [request(1)] } = given;
  const step = decideNextStep({
    plan: { mark, launch },
    state: { marked: new Set(marked), endedTasks },
    requests,
    config: config(given.idleSeconds ?? 300),
    now,
  });
  if (step.kind === 'mark') return `mark ${step.managers.map(({ slot }) => slot).join(' ')}`;
  return step.kind === 'launch' ? `launch ${step.slots.join(' ')}` : step.kind;
}

describe('the next step of a launch', () => {
  const markedAgo = (seconds: number) => manager(1, { demandAt: now - seconds * 1000 });

  it.each<[string, Case, string]>([
    ['nothing planned', {}, 'done'],
    ['a manager that jobs are assigned to', { mark: [manager(1)] }, 'mark 1'],
    ['that is marked', { mark: [manager(1)], marked: [manager(1).taskArn] }, 'done'],
    ['only the unmarked ones', { mark: [manager(1), manager(2)], marked: [manager(1).taskArn] }, 'mark 2'],
    ['a mark below 10 s old holds for jobs', { mark: [markedAgo(9.9)] }, 'done'],
    ['a mark of 10 s does not', { mark: [markedAgo(10)] }, 'mark 1'],
    ['a mark holds for half the idle time at most', { mark: [markedAgo(2.5)], idleSeconds: 5 }, 'mark 1'],
    [
      'no mark holds for a request without a job',
      { mark: [markedAgo(1)], requests: [request(1), request(undefined)] },
      'mark 1',
    ],
    ['marks come before launches', { mark: [manager(1)], launch: [2] }, 'mark 1'],
    ['slots to fill', { launch: [1, 2] }, 'launch 1 2'],
    ['a message that came back', { launch: [1], requests: [request(1), request(2, 2)] }, 'read-ended-tasks'],
    [
      'after ended tasks were read',
      { launch: [1], requests: [request(2, 2)], endedTasks: { managers: [], jobTasks: [], areAll: true } },
      'launch 1',
    ],
    ['a message that came back, and nothing to fill', { requests: [request(2, 2)] }, 'done'],
  ])('%s', (_title, given, expected) => expect(stepOf(given)).toBe(expected));
});
