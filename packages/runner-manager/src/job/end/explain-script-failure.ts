import { sizeInWords } from '../../parse-quantity.ts';
import type { JobSession } from '../job-session.ts';

/**
 * Run in the build container after a script failed there: the kernel's count of processes that it killed for want of
 * memory (cgroup version 2, then 1).
 */
const LOOK_AROUND = `for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
  [ -r "$file" ] && while read -r name count; do [ "$name" = oom_kill ] && echo "oom_kill=$count"; done < "$file"
done
exit 0
`;

/** Free KiB below which a disk counts as full. */
const FULL_BELOW_KIB = 10_240;
const LOOK_MS = 5000;

/** Why a script may have failed that it cannot know itself: its container ran out of memory, or the disk is full. */
export async function explainScriptFailure(session: JobSession): Promise<string[]> {
  const { task, connection, told } = session;
  if (!task || !connection) return [];
  // They explain a failure; none of their own must hide it. On a full disk no script gets into the build container.
  const ask = (command: string, input = '') =>
    connection.ask(command, { input, deadlineMs: LOOK_MS }).catch(() => ({ stdout: '' }));
  const [memory, disk] = await Promise.all([
    ask(`stage build_setup ${LOOK_AROUND.length}`, LOOK_AROUND),
    ask('disk'),
  ]);
  const { size, ephemeralStorageGib } = task.shape;
  const lines: string[] = [];
  if (/^oom_kill=[1-9]/m.test(memory.stdout) && !told.has('memory')) {
    told.add('memory');
    lines.push(
      `A process of the build container was killed since memory ran out: the task has ${sizeInWords(size)} for all of its containers. Set FARGATE_MEMORY to more.`,
    );
  }
  const free = /^\S+ +\d+ +\d+ +(\d{1,15}) +\d+%/m.exec(disk.stdout)?.[1];
  if (free !== undefined && Number(free) < FULL_BELOW_KIB && !told.has('disk')) {
    told.add('disk');
    lines.push(
      `The disk is full: the task has ${ephemeralStorageGib} GB for images and files. Set FARGATE_EPHEMERAL_STORAGE to more.`,
    );
  }
  return lines;
}
