import type { JobLog } from './job-log.ts';
import type { JobConnection } from './open-connection.ts';

/**
 * Makes the services' names known in the build container. All containers of a Fargate task share one network, so each
 * name is 127.0.0.1; ECS takes no `extraHosts` there, so the agent writes the names itself, which only root may.
 */
export async function announceServices(
  connection: JobConnection,
  hostnames: readonly string[],
  log: JobLog,
  signal: AbortSignal,
): Promise<void> {
  if (hostnames.length === 0) return;
  const script = `echo "127.0.0.1 ${hostnames.join(' ')}" >> /etc/hosts\n`;
  const { stderr } = await connection.ask(`stage build_setup ${Buffer.byteLength(script)}`, {
    input: script,
    signal,
  });
  const names = hostnames.join(', ');
  if (stderr.includes('job-helper: exit 0')) {
    log.say(`Services are reached as ${names}`);
  } else {
    log.say(
      `The image's user may not write /etc/hosts, so the names ${names} are not known: reach services at 127.0.0.1.`,
    );
  }
}
