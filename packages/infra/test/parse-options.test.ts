import { describe, expect, it } from 'vitest';
import { nearestName, parseOptions, UsageError } from '../src/cli/parse-options.ts';

const OPTIONS = {
  now: { type: 'boolean' },
  'wait-minutes': { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
} as const;

describe('a command line', () => {
  it('is parsed', () => {
    expect(parseOptions(['--now', '--wait-minutes=3', '-y'], OPTIONS).values).toEqual({
      now: true,
      'wait-minutes': '3',
      yes: true,
    });
  });

  it.each([
    [['--nwo'], 'Unknown option --nwo. Did you mean --now? --help lists all.'],
    [['--wait'], 'Unknown option --wait. Did you mean --wait-minutes? --help lists all.'],
    [['--frobnicate'], 'Unknown option --frobnicate. --help lists all.'],
    [['now'], 'Unexpected argument "now". Did you mean --now? --help lists all options.'],
    [['--wait-minutes'], "Option '--wait-minutes <value>' argument missing."],
    [['--now=1'], "Option '--now' does not take an argument."],
  ])('%j is rejected: %s', (args, message) => {
    expect(() => parseOptions(args, OPTIONS)).toThrow(UsageError);
    expect(() => parseOptions(args, OPTIONS)).toThrow(message);
  });
});

it('suggests a near name, and otherwise nothing', () => {
  expect(nearestName('runner-luncher', ['webhook-receiver', 'runner-launcher'])).toBe('runner-launcher');
  expect(nearestName('sqs', ['launcher', 'reaper'])).toBeUndefined();
});
