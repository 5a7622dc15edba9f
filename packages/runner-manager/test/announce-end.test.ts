import type { Task } from '@aws-sdk/client-ecs';
import { describe, expect, it, vi } from 'vitest';
import { announceEnd } from '../src/job/end/announce-end.ts';
import type { JobSession } from '../src/job/job-session.ts';
import type { AskOptions } from '../src/job/run/ask-helper.ts';
import { sessionOf } from './support/job.ts';

const ending = (more: Partial<Task>): Task => ({ lastStatus: 'RUNNING', desiredStatus: 'STOPPED', ...more });
const SPOT = ending({ stopCode: 'SpotInterruption', stoppingAt: new Date('2026-11-28T16:00:00Z') });

function sessionThatAnswers(
  ask: (command: string, options?: AskOptions) => Promise<{ stdout: string; stderr: string }>,
) {
  const connection = { ask: vi.fn(ask), reopen: vi.fn(), close: vi.fn() };
  const session: JobSession = { ...sessionOf(), connection };
  return { session, ask: connection.ask };
}

const answered = async () => ({ stdout: '', stderr: '' });

describe('a task that ECS starts to stop', () => {
  it('learns once until when its job may continue after a Spot interruption', async () => {
    const { session, ask } = sessionThatAnswers(answered);
    await announceEnd(session, SPOT);
    await announceEnd(session, SPOT);
    expect(ask).toHaveBeenCalledTimes(1);
    const [command, options] = ask.mock.calls[0] ?? [];
    expect(command).toBe('spot');
    expect(options?.input).toContain(
      'AWS reclaims this Spot task at 16:01:40 UTC. A job that finishes by then succeeds.',
    );
  });

  it.each([
    ['somebody stopped it', 'UserInitiated'],
    ['one of its containers ended', 'EssentialContainerExited'],
  ] as const)('is told not to wait where %s', async (_, stopCode) => {
    const { session, ask } = sessionThatAnswers(answered);
    await announceEnd(session, ending({ stopCode }));
    expect(ask.mock.calls.map(([command]) => command)).toEqual(['leave']);
  });

  it('is notified again at the next poll if its helper did not answer', async () => {
    const { session, ask } = sessionThatAnswers(() => Promise.reject(new Error('connection lost')));
    await announceEnd(session, SPOT);
    await announceEnd(session, SPOT);
    expect(ask).toHaveBeenCalledTimes(2);
  });
});
