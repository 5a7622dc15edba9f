import { runCommand } from '@serverless-gitlab-runner/machine';

/** A manager's container in Docker. */
export interface ManagerContainer {
  id: string;
  startedAt: Date;
  image: string;
}

/** What a container has used since its start, and uses now. */
export interface Usage {
  at: number;
  cpuSeconds: number;
  /** Of the process of `gitlab-runner` alone, without the hooks that it starts. */
  runnerCpuSeconds: number;
  /** Memory of its processes, without file caches. */
  memoryBytes: number;
}

/**
 * Both versions of cgroups: nanoseconds and `total_rss`, or microseconds and `anon`. Then the runner's own user and system time, in
 * hundredths of a second. Only its command line contains the words: the pattern does not match itself.
 */
const READ_USAGE = `cd /sys/fs/cgroup
if [ -r cpuacct/cpuacct.usage ]; then
  echo "$(cat cpuacct/cpuacct.usage) 1000000000"
  sed -n 's/^total_rss //p' memory/memory.stat
else
  echo "$(sed -n 's/^usage_usec //p' cpu.stat) 1000000"
  sed -n 's/^anon //p' memory.stat
fi
for process in /proc/[0-9]*; do
  tr '\\0' ' ' 2> /dev/null < "$process/cmdline" | grep -q 'run [-]-config' || continue
  sed 's/.*) //' "$process/stat" | cut -d ' ' -f 12,13
done`;

/** The stage that is compared: one that runs in the helper and does nothing. */
const STAGE = 'archive_cache';
const STAGE_ROUNDS = 15;

/**
 * Runs stages with the real run hook in a running job's task, with the job's connection and with a new one each, by turns. The
 * new ones have ssh's own key exchange, the product's is cheaper. Prints the nanoseconds of each pair.
 */
const COMPARE_STAGES = `set -e
for process in /proc/[0-9]*; do
  tr '\\0' ' ' < "$process/cmdline" 2> /dev/null | grep -q 'run --config' || continue
  names=$(tr '\\0' '\\n' < "$process/environ" | grep '^FARGATE_EXECUTOR_') && export $names
done
export FARGATE_EXECUTOR_SESSION="$(ls "$FARGATE_EXECUTOR_STATE/jobs" | head -n 1)"
export SYSTEM_FAILURE_EXIT_CODE=2 BUILD_FAILURE_EXIT_CODE=1
hooks=/usr/local/lib/runner-manager/hooks
fresh=$(mktemp -d)
cp "$hooks"/* "$fresh"
sed -i "s/ProxyCommand=false'/ControlPath=none', '-o', 'KexAlgorithms=+curve25519-sha256'/" "$fresh/run"
echo true > "$fresh/script"
round=0
while [ "$round" -le ${STAGE_ROUNDS} ]; do
  first=$(date +%s%N)
  "$hooks/run" "$fresh/script" ${STAGE} > /dev/null
  second=$(date +%s%N)
  "$fresh/run" "$fresh/script" ${STAGE} > /dev/null
  third=$(date +%s%N)
  [ "$round" -eq 0 ] || echo "$((second - first)) $((third - second))"
  round=$((round + 1))
done
rm -rf "$fresh"`;

export async function inspectContainer(id: string): Promise<ManagerContainer> {
  const format = '{{.State.StartedAt}} {{.Config.Image}}';
  const output = await runCommand('docker', ['inspect', '--format', format, id]);
  const [startedAt = '', image = ''] = output.trim().split(' ');
  return { id, startedAt: new Date(startedAt), image };
}

export async function readUsage(id: string): Promise<Usage> {
  const [cpu = '', memory = '', runner = ''] = (await inContainer(id, READ_USAGE)).split('\n');
  const [used, perSecond] = cpu.split(' ').map(Number);
  const [user, system] = runner.split(' ').map(Number);
  const usage = {
    at: Date.now() / 1000,
    cpuSeconds: Number(used) / Number(perSecond),
    runnerCpuSeconds: (Number(user) + Number(system)) / 100,
    memoryBytes: Number(memory),
  };
  if (Number.isNaN(usage.cpuSeconds) || Number.isNaN(usage.runnerCpuSeconds) || !(usage.memoryBytes > 0))
    throw new Error(`the usage of container ${id} cannot be read: ${cpu} ${memory} ${runner}`);
  return usage;
}

/** Durations of the same stage over the job's connection, and over a new one, in milliseconds. A job must be running. */
export async function compareStages(id: string): Promise<{ shared: number; fresh: number }[]> {
  const output = await inContainer(id, COMPARE_STAGES);
  const pairs = output.split('\n').map((line) => line.split(' ').map((word) => Number(word) / 1e6));
  return pairs.map(([shared = Number.NaN, fresh = Number.NaN]) => {
    if (!(shared > 0 && fresh > 0)) throw new Error(`stages were not measured: ${output}`);
    return { shared, fresh };
  });
}

export async function inContainer(id: string, script: string): Promise<string> {
  return (await runCommand('docker', ['exec', id, 'sh', '-c', script])).trim();
}
