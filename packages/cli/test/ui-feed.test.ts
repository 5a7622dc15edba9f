import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLiveFeed } from '../src/ui/live-feed.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A feed that counts its reads, of which those in `failing` fail. */
function countingFeed(failing: number[] = []) {
  const counter = { reads: 0 };
  const feed = createLiveFeed<number>({
    async read() {
      counter.reads += 1;
      if (failing.includes(counter.reads)) throw new Error('no answer');
      return counter.reads;
    },
    ...{ intervalMs: 5000, retryMs: 15_000 },
    explain: (error) => `AWS: ${(error as Error).message}`,
  });
  return { feed, counter };
}

it('reads once for all pages, every interval', async () => {
  const { feed, counter } = countingFeed();
  const pages = [vi.fn(), vi.fn()] as const;
  for (const page of pages) feed.subscribe(page);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(counter.reads).toBe(3);
  const expected = [1, 2, 3].map((value) => [{ kind: 'snapshot', value }]);
  for (const page of pages) expect(page.mock.calls).toEqual(expected);
});

it('does not read while no page is open', async () => {
  const { feed, counter } = countingFeed();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(counter.reads).toBe(0);
  const close = feed.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(5000);
  close();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(counter.reads).toBe(2);
});

it('sends a page that opens later what was read last, at once', async () => {
  const { feed, counter } = countingFeed();
  feed.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  const page = vi.fn();
  feed.subscribe(page);
  expect(page.mock.calls).toEqual([[{ kind: 'snapshot', value: 1 }]]);
  expect(counter.reads).toBe(1);
});

it('sends nothing old to a page that opens after a pause', async () => {
  const { feed } = countingFeed();
  feed.subscribe(() => undefined)();
  await vi.advanceTimersByTimeAsync(3_600_000);
  const page = vi.fn();
  feed.subscribe(page);
  await vi.advanceTimersByTimeAsync(0);
  expect(page.mock.calls).toEqual([[{ kind: 'snapshot', value: 2 }]]);
});

it('does not read twice at once for a page that is reloaded during a read', async () => {
  const { feed, counter } = countingFeed();
  feed.subscribe(() => undefined)();
  feed.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(4999);
  expect(counter.reads).toBe(1);
});

it('says what is wrong, and tries again later', async () => {
  const { feed, counter } = countingFeed([1]);
  const page = vi.fn();
  feed.subscribe(page);
  await vi.advanceTimersByTimeAsync(14_999);
  expect(page.mock.calls).toEqual([[{ kind: 'problem', message: 'AWS: no answer' }]]);
  await vi.advanceTimersByTimeAsync(1);
  expect(page).toHaveBeenLastCalledWith({ kind: 'snapshot', value: 2 });
  expect(counter.reads).toBe(2);
});
