import { formatSize } from '../../parse-quantity.ts';
import type { JobSession } from '../job-session.ts';

/**
 * Runs in the build container after a script failed there. Prints the kernel's count of processes that it killed because memory
 * ran out (cgroup version 2, then 1).
 */
const COUNT_OOM_KILLS = `for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
  [ -r "$file" ] && while read -r name count; do [ "$name" = oom_kill ] && echo "oom_kill=$count"; done < "$file"
done
exit 0
`;

/** A disk with less free space counts as full. */
const FULL_BELOW_KIB = 10_240;
const PROBE_DEADLINE_MS = 5000;

/** Finds causes of a failed script that the script itself cannot see: its container ran out of memory, or the disk is full. */
export async function explainScriptFailure(session: JobSession): Promise<string[]> {
  const { task, connection, reported } = session;
  if (!task || !connection) return [];
  // A failing probe must not hide the script's failure. With a full disk, no script reaches the build container.
  const ask = (command: string, input = '') =>
    connection.ask(command, { input, deadlineMs: PROBE_DEADLINE_MS }).catch(() => ({ stdout: '' }));
  const [memory, disk] = await Promise.all([
    ask(`stage build_setup ${COUNT_OOM_KILLS.length}`, COUNT_OOM_KILLS),
    ask('disk'),
  ]);
  const { size, ephemeralStorageGib } = task.shape;
  const lines: string[] = [];
  if (/^oom_kill=[1-9]/m.test(memory.stdout) && !reported.has('memory')) {
    reported.add('memory');
    lines.push(
      `A process of the build container was killed because memory ran out: the task has ${formatSize(size)}, shared by all of its containers. Increase FARGATE_MEMORY.`,
    );
  }
  const free = /^\S+ +\d+ +\d+ +(\d{1,15}) +\d+%/m.exec(disk.stdout)?.[1];
  if (free !== undefined && Number(free) < FULL_BELOW_KIB && !reported.has('disk')) {
    reported.add('disk');
    lines.push(
      `The disk is full: the task has ${ephemeralStorageGib} GB for images and files. Increase FARGATE_EPHEMERAL_STORAGE.`,
    );
  }
  return lines;
}
