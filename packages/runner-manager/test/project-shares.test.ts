import { describe, expect, it } from 'vitest';
import { createProjectShares } from '../src/job/plan/project-shares.ts';
import { fleetOf } from './support/fleet.ts';

const sharesOf = (job: { maxConcurrentPerProject?: number; maxVcpuPerProject?: number }) => {
  const shares = createProjectShares(fleetOf({ job }));
  const words: string[] = [];
  return {
    words,
    roomOf: shares.roomOf,
    take: (project: number, cpu = 1024, signal = new AbortController().signal) =>
      shares.take(project, cpu, signal, (why) => words.push(why)),
  };
};
const isPending = async (place: Promise<unknown>) =>
  (await Promise.race([
    place.catch(() => 'over'),
    new Promise((resolve) => setImmediate(resolve, 'waits')),
  ])) === 'waits';

describe("a project's share", () => {
  it('is unlimited by default', async () => {
    const { take, words } = sharesOf({});
    await Promise.all(Array.from({ length: 200 }, () => take(1, 16_384)));
    expect(words).toEqual([]);
  });

  it('knows what is left for a project', async () => {
    const { take, roomOf } = sharesOf({ maxConcurrentPerProject: 5, maxVcpuPerProject: 4 });
    const give = await take(1, 512);
    await take(1, 1024);
    expect([roomOf(1), roomOf(2)]).toEqual([
      { jobs: 5 - 2, cpu: 4096 - 1536 },
      { jobs: 5 - 0, cpu: 4096 - 0 },
    ]);
    give();
    expect(roomOf(1)).toEqual({ jobs: 5 - 1, cpu: 4096 - 1024 });
    expect(sharesOf({}).roomOf(1)).toEqual({ jobs: Number.POSITIVE_INFINITY, cpu: Number.POSITIVE_INFINITY });
  });

  it('limits the number of jobs: further ones wait in order, with the reason in their logs', async () => {
    const { take, words } = sharesOf({ maxConcurrentPerProject: 2 });
    const [give] = [await take(1), await take(1)];
    const [third, fourth] = [take(1), take(1)];
    expect(await isPending(third)).toBe(true);
    expect(words[0]).toBe(
      'Waiting: 2 jobs of this project run on this manager with 2 vCPU, and this fleet allows 2 jobs per project and manager.',
    );
    give();
    give();
    await third;
    expect(await isPending(fourth)).toBe(true);
  });

  it('limits the vCPUs', async () => {
    const { take, words } = sharesOf({ maxVcpuPerProject: 4 });
    const give = await take(1, 3072);
    const large = take(1, 2048);
    expect(await isPending(large)).toBe(true);
    expect(words[0]).toContain(
      '1 job of this project runs on this manager with 3 vCPU, and this fleet allows 4 vCPU',
    );
    give();
    await large;
  });

  it('lets a job that is larger than the whole share run alone', async () => {
    await sharesOf({ maxVcpuPerProject: 1 }).take(1, 4096);
  });

  it('is not overtaken by a smaller job that came later', async () => {
    const { take } = sharesOf({ maxVcpuPerProject: 4 });
    const give = await take(1, 3072);
    const [large, small] = [take(1, 4096), take(1, 256)];
    expect(await isPending(small)).toBe(true);
    give();
    await large;
    expect(await isPending(small)).toBe(true);
  });

  it('is separate for each project', async () => {
    const { take } = sharesOf({ maxConcurrentPerProject: 1 });
    await take(1);
    await take(2);
    expect(await isPending(take(1))).toBe(true);
  });

  it('is not taken by a job that is cancelled while it waits; the next one gets it', async () => {
    const { take } = sharesOf({ maxConcurrentPerProject: 1 });
    const give = await take(1);
    const cancel = new AbortController();
    const [second, third] = [take(1, 1024, cancel.signal), take(1)];
    cancel.abort(new Error('cancelled'));
    await expect(second).rejects.toThrow('cancelled');
    give();
    await third;
  });
});
