import { expect, it } from 'vitest';
import { shareCalls } from '../src/calls/index.ts';

it('shares a call in flight between callers with the same key', async () => {
  const asked: string[] = [];
  const answers = new Map<string, (value: string) => void>();
  const ask = shareCalls((key) => {
    asked.push(key);
    return new Promise<string>((resolve) => answers.set(key, resolve));
  });
  const calls = [ask('a'), ask('a'), ask('b')];
  answers.get('a')?.('one');
  answers.get('b')?.('two');
  expect(await Promise.all(calls)).toEqual(['one', 'one', 'two']);
  expect(asked).toEqual(['a', 'b']);
  const again = ask('a');
  answers.get('a')?.('three');
  expect(await again).toBe('three');
  expect(asked).toEqual(['a', 'b', 'a']);
});

it('shares a failure, and calls again after it', async () => {
  let calls = 0;
  const ask = shareCalls(async () => {
    calls += 1;
    await Promise.resolve();
    if (calls === 1) throw new Error('no');
    return calls;
  });
  const settled = await Promise.allSettled([ask('a'), ask('a')]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await ask('a')).toBe(2);
});
