import { describe, expect, it } from 'vitest';
import { run } from '../src/index.ts';
import { wrapHelp } from '../src/wrap-help.ts';

async function help(columns: number, ...command: string[]): Promise<string> {
  const printed: string[] = [];
  const terminal = { printError: () => undefined, ask: undefined, now: Date.now, columns };
  await run([...command, '--help'], { ...terminal, print: (text) => printed.push(text) });
  return printed.join('\n');
}

const COMMANDS = [
  ...[
    '',
    'why',
    'doctor',
    'status',
    'logs',
    'jobs',
    'cost',
    'next-steps',
    'redrive',
    'drain',
    'rotate',
    'destroy',
  ],
  ...['rotate webhook-secret', 'rotate runner-token', 'rotate ca'],
];

describe.each([80, 140])('help of %i columns', (columns) => {
  it.each(COMMANDS)('of "sgr %s" fits', async (command) => {
    const text = await help(columns, ...command.split(' ').filter(Boolean));
    expect(text).toContain('Usage: sgr');
    expect(text.split('\n').filter((line) => line.length > columns)).toEqual([]);
  });
});

it('wraps paragraphs and steps, and nothing else', () => {
  const text = 'one two\nthree four\n\nSteps:\n  1. five six seven\n  --option  eight nine ten';
  expect(wrapHelp(text, 13)).toBe(
    'one two three\nfour\n\nSteps:\n  1. five six\n     seven\n  --option  eight nine ten',
  );
});
