import { describe, expect, it } from 'vitest';
import { lastLines } from '../src/job/run/last-lines.ts';

const ESC = '\u001b';

describe('the last lines of a program', () => {
  it('are fifteen, without colours and control characters, each of 400 characters at most', () => {
    const text = `${'x\n'.repeat(20)}${ESC}[31mred${ESC}[0m\tand\u0007 more\n${'y'.repeat(500)}\n`;
    const lines = lastLines(text);
    expect(lines).toHaveLength(15);
    expect(lines.at(-2)).toBe('red  and more');
    expect(lines.at(-1)).toBe('y'.repeat(400));
  });

  it('are none for an empty output', () => {
    expect(lastLines(' \n')).toEqual([]);
  });

  it('take linear time', () => {
    const seconds = (repeats: number) => {
      const text = `${ESC}]a;`.repeat(repeats);
      const startedAt = performance.now();
      for (let round = 0; round < 5; round += 1) lastLines(text);
      return performance.now() - startedAt;
    };
    seconds(1000);
    // Sixteen times the text: the square would be 256 times the time.
    expect(seconds(16_000)).toBeLessThan(64 * Math.max(1, seconds(1000)));
  });
});
