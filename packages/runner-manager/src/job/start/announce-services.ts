import type { JobLog } from '../job-log.ts';
import type { JobConnection } from './open-connection.ts';

/** Under which services find the job's container, as with GitLab's Docker executor and FF_NETWORK_PER_BUILD. */
const BUILD_ALIAS = 'build';

/**
 * Makes the services' names known in the build container: each is 127.0.0.1, since all containers of a Fargate task share
 * one network. ECS takes no `extraHosts` there, but it gives all containers of one network namespace the same file as
 * `/etc/hosts` (`copyNetworkConfigFilesToTask` in the ECS agent's `netlib`; Docker does so too), so the helper, which is
 * root, writes it for images whose user may not. The build container is asked whether it sees the names, and writes
 * them itself where it does not.
 */
export async function announceServices(
  connection: JobConnection,
  hostnames: readonly string[],
  log: JobLog,
  signal: AbortSignal,
): Promise<void> {
  const [first] = hostnames;
  if (first === undefined) return;
  const run = async (stage: string, script: string) => {
    const { stderr } = await connection.ask(`stage ${stage} ${Buffer.byteLength(script)}`, {
      input: script,
      signal,
    });
    return stderr.includes('job-helper: exit 0');
  };
  const write = `echo "127.0.0.1 ${[...hostnames, BUILD_ALIAS].join(' ')}" >> /etc/hosts\n`;
  const look = `while read -r address name others; do [ "$address $name" = "127.0.0.1 ${first}" ] && exit 0; done < /etc/hosts\n`;
  await run('helper_setup', write);
  const names = hostnames.join(', ');
  if (await run('build_setup', look + write)) {
    log.say(`Services are reached as ${names}`);
  } else {
    log.say(
      `The image's user may not write /etc/hosts, so the names ${names} are not known: reach services at 127.0.0.1.`,
    );
  }
}
