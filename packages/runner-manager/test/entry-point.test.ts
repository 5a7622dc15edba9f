import type { Task } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { JobRefusedError, TaskEndedError } from '../src/errors.ts';
import { attributeToEntryPoint, planEntryPoint, startThrough } from '../src/task/entry-point.ts';

const AGENT = ['/box', 'sh', '/agent'];
const TEXT = 'exec /box sh /agent';

describe('the entry point of a job', () => {
  it.each([
    [undefined, undefined],
    [null, undefined],
    [[], undefined],
    [[''], undefined],
    [['/entry.sh'], ['/entry.sh']],
    [
      ['/bin/sh', '-c'],
      ['/bin/sh', '-c'],
    ],
  ])('%j is %j', (written, planned) => {
    expect(planEntryPoint(written)).toEqual(planned);
  });

  it.each<[string[] | undefined, string[], string[]]>([
    [undefined, AGENT, []],
    [['/entry.sh'], ['/entry.sh'], AGENT],
    [['/usr/bin/tini', '--'], ['/usr/bin/tini', '--'], AGENT],
    [['/usr/bin/tini', '--', '/entry.sh'], ['/usr/bin/tini', '--', '/entry.sh'], AGENT],
    [['env', 'A=b'], ['env', 'A=b'], AGENT],
    [['/bin/sh', '-c'], ['/bin/sh', '-c'], [TEXT]],
    [['/bin/bash', '-lc'], ['/bin/bash', '-lc'], [TEXT]],
    [['/usr/bin/env', 'bash', '-c'], ['/usr/bin/env', 'bash', '-c'], [TEXT]],
    [['/bin/bash'], ['/bin/bash', '-c'], [TEXT]],
    [['bash', '--login'], ['bash', '--login', '-c'], [TEXT]],
    [['/entry.sh', 'ash'], ['/entry.sh', 'ash', '-c'], [TEXT]],
    [['/bin/sh', '-c', 'exec "$@"', 'sh'], ['/bin/sh', '-c', 'exec "$@"', 'sh'], AGENT],
  ])('%j starts the agent by %j with %j', (entryPoint, started, command) => {
    expect(startThrough(entryPoint, AGENT)).toEqual({ entryPoint: started, command });
  });
});

describe('a task that ends before it accepts commands', () => {
  const ended = (build: object, more: Partial<Task> = {}) =>
    new TaskEndedError('The container ended.', {
      stopCode: 'EssentialContainerExited',
      containers: [
        { name: 'helper', exitCode: 0 },
        { name: 'build', ...build },
      ],
      ...more,
    });
  const notThere = { reason: 'CannotStartContainerError: exec: "/nope": no such file or directory' };

  it.each<[string, TaskEndedError]>([
    ['whose container ended by itself', ended({ exitCode: 64 })],
    ['whose container ended well', ended({ exitCode: 0 })],
    ['whose container could not start', ended(notThere, { stopCode: 'TaskFailedToStart' })],
  ])('%s is attributed to the entry point, if there is one', (_, error) => {
    const blamed = attributeToEntryPoint(error, ['/nope']);
    expect(blamed).toBeInstanceOf(JobRefusedError);
    expect(blamed).toMatchObject({
      lines: [
        'The container ended.',
        expect.stringMatching(/the entry point \["\/nope"\], which must exist/),
      ],
    });
    expect(attributeToEntryPoint(error, undefined)).toBe(error);
  });

  it.each<[string, Error]>([
    ['that AWS stopped', ended({ exitCode: 143 }, { stopCode: 'SpotInterruption' })],
    ['whose helper ended first', ended({ exitCode: 143 })],
    ['that was killed', ended({ exitCode: 137 })],
    ['whose build container never was', ended({})],
    ['of which nothing is known', new TaskEndedError('gone')],
    ['for another reason', new Error('other')],
  ])('%s is not attributed to it', (_, error) => {
    expect(attributeToEntryPoint(error, ['/nope'])).toBe(error);
  });
});
