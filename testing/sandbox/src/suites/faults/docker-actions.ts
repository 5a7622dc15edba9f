import { EMULATOR_IMAGE } from '@serverless-gitlab-runner/aws-emulator';
import { HELPER_CONTAINER, MANAGER_CONTAINER } from '@serverless-gitlab-runner/fleet';
import { runCommand } from '@serverless-gitlab-runner/machine';

/** The container that holds a task's network, as ECS names it. */
const PAUSE_CONTAINER = '~pause';

/** Docker ids of a task's containers by container name, including the pause container. */
async function taskContainerIds(taskArn: string): Promise<Map<string, string>> {
  const output = await runCommand('docker', [
    ...['ps', '--filter', `label=com.amazonaws.ecs.task-arn=${taskArn}`],
    ...['--format', '{{.ID}} {{.Label "com.amazonaws.ecs.container-name"}}'],
  ]);
  const pairs = output.split('\n').map((line) => line.split(' '));
  return new Map(pairs.flatMap(([id, name]) => (id && name ? [[name, id] as const] : [])));
}

/** Docker id of one of a task's containers. @throws when it does not run */
export async function taskContainerId(taskArn: string, name: string): Promise<string> {
  const id = (await taskContainerIds(taskArn)).get(name);
  if (id === undefined) throw new Error(`task ${taskArn} has no container ${name}: it ended too early`);
  return id;
}

/** Kills every container of a task except the pause container, as if its host were lost: none can report anything more. */
export async function killTask(taskArn: string): Promise<void> {
  const containers = await taskContainerIds(taskArn);
  containers.delete(PAUSE_CONTAINER);
  if (containers.size > 0) await runCommand('docker', ['kill', '--signal', 'KILL', ...containers.values()]);
}

/** Finds the runner and kills it. Its `oom_score_adj` must make the kernel prefer it over the manager's own process. */
const KILL_RUNNER = `for process in /proc/[0-9]*; do
  tr '\\0' ' ' < "$process/cmdline" | grep -q 'run --config' || continue
  [ "$(cat "$process/oom_score_adj")" -ge 500 ] && kill -KILL "\${process#/proc/}" && exit 0
done 2> /dev/null
echo 'the manager has no gitlab-runner with an oom_score_adj of at least 500' >&2
exit 1`;

/** Kills a manager's gitlab-runner, as the kernel does when memory runs out. */
export async function killRunner(taskArn: string): Promise<void> {
  const manager = await taskContainerId(taskArn, MANAGER_CONTAINER);
  await runCommand('docker', ['exec', manager, 'sh', '-c', KILL_RUNNER]);
}

/** Drops every packet of a task until `restore` is called. Connections stay open on both sides without receiving anything. */
export async function cutNetwork(taskArn: string): Promise<{ restore: () => Promise<void> }> {
  const pause = await taskContainerId(taskArn, PAUSE_CONTAINER);
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

/** Ends every SSH connection to a task's helper, like a network that resets them. New connections can be opened. */
export async function breakConnections(taskArn: string): Promise<void> {
  const helper = await taskContainerId(taskArn, HELPER_CONTAINER);
  await runCommand('docker', ['exec', helper, 'pkill', '-KILL', '-f', 'sshd: [r]oot']);
}

/** Reads the environment, command and labels of every container of a run, one line each. */
export async function containerEnvironments(runId: string): Promise<string[]> {
  const label = `label=serverless-gitlab-runner.sandbox=${runId}`;
  const ids = (await runCommand('docker', ['ps', '-q', '--filter', label])).split('\n').filter(Boolean);
  if (ids.length === 0) return [];
  const format = '{{.Name}} {{json .Config.Env}} {{json .Config.Cmd}} {{json .Config.Labels}}';
  const output = await runCommand('docker', ['inspect', '--format', format, ...ids]);
  return output.split('\n').filter(Boolean);
}
