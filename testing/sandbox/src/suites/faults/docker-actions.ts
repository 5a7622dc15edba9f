import { EMULATOR_IMAGE } from '@serverless-gitlab-runner/aws-emulator';
import { HELPER_CONTAINER, MANAGER_CONTAINER } from '@serverless-gitlab-runner/fleet';
import { runCommand } from '@serverless-gitlab-runner/machine';

/** ID and container name of a task's containers in Docker, the pause container (`~pause`) included. */
export async function taskContainerIds(taskArn: string): Promise<Map<string, string>> {
  const output = await runCommand('docker', [
    ...['ps', '--filter', `label=com.amazonaws.ecs.task-arn=${taskArn}`],
    ...['--format', '{{.ID}} {{.Label "com.amazonaws.ecs.container-name"}}'],
  ]);
  const pairs = output.split('\n').map((line) => line.split(' '));
  return new Map(pairs.flatMap(([id, name]) => (id && name ? [[name, id] as const] : [])));
}

/** Kills every container of a task but the pause container, as when its host is lost: nobody can say a last word. */
export async function killTask(taskArn: string): Promise<void> {
  const containers = await taskContainerIds(taskArn);
  containers.delete('~pause');
  if (containers.size > 0) await runCommand('docker', ['kill', '--signal', 'KILL', ...containers.values()]);
}

/** Finds the runner, which must ask to be killed before the manager's own process, and kills it. */
const KILL_RUNNER = `for process in /proc/[0-9]*; do
  tr '\\0' ' ' < "$process/cmdline" | grep -q 'run --config' || continue
  [ "$(cat "$process/oom_score_adj")" -ge 500 ] && kill -KILL "\${process#/proc/}" && exit 0
done 2> /dev/null
echo 'no gitlab-runner of the manager asks to be killed first' >&2
exit 1`;

/** Kills a manager's gitlab-runner, as the kernel does when a job has filled it. */
export async function killRunner(taskArn: string): Promise<void> {
  const manager = (await taskContainerIds(taskArn)).get(MANAGER_CONTAINER);
  if (manager === undefined) throw new Error(`task ${taskArn} has no manager: it ended too early`);
  await runCommand('docker', ['exec', manager, 'sh', '-c', KILL_RUNNER]);
}

/** Drops every packet of a task until `restore` is called. Connections stay open on both sides, and hear nothing. */
export async function cutNetwork(taskArn: string): Promise<{ restore: () => Promise<void> }> {
  const pause = (await taskContainerIds(taskArn)).get('~pause');
  if (pause === undefined) throw new Error(`task ${taskArn} has no network to cut: it ended too early`);
  const iptables = (script: string) =>
    runCommand('docker', [
      ...['run', '--rm', '--network', `container:${pause}`, '--cap-add', 'NET_ADMIN', '--user', '0'],
      ...['--entrypoint', 'sh', EMULATOR_IMAGE, '-c', script],
    ]);
  await iptables('iptables -I INPUT ! -i lo -j DROP && iptables -I OUTPUT ! -o lo -j DROP');
  return {
    restore: async () => {
      await iptables('iptables -D INPUT ! -i lo -j DROP; iptables -D OUTPUT ! -o lo -j DROP');
    },
  };
}

/** Ends every SSH connection to a task's helper, as a network that resets them; new ones can be opened. */
export async function breakConnections(taskArn: string): Promise<void> {
  const helper = (await taskContainerIds(taskArn)).get(HELPER_CONTAINER);
  if (helper === undefined) throw new Error(`task ${taskArn} has no helper: it ended too early`);
  await runCommand('docker', ['exec', helper, 'pkill', '-KILL', '-f', 'sshd: [r]oot']);
}

/** Every environment of a run's containers, as Docker has it. */
export async function containerEnvironments(runId: string): Promise<string[]> {
  const label = `label=serverless-gitlab-runner.sandbox=${runId}`;
  const ids = (await runCommand('docker', ['ps', '-q', '--filter', label])).split('\n').filter(Boolean);
  if (ids.length === 0) return [];
  const format = '{{.Name}} {{json .Config.Env}} {{json .Config.Cmd}} {{json .Config.Labels}}';
  const output = await runCommand('docker', ['inspect', '--format', format, ...ids]);
  return output.split('\n').filter(Boolean);
}
