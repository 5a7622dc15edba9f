import type { JobLog } from '../job-log.ts';
import type { JobConnection } from './open-connection.ts';

/** Host name of the build container for services, as in GitLab's Docker executor with FF_NETWORK_PER_BUILD. */
const BUILD_ALIAS = 'build';

/**
 * Makes the services' host names resolve in the build container: each is 127.0.0.1, since all containers of a Fargate task
 * share one network. ECS does not accept `extraHosts` there, but it gives all containers of one network namespace the same
 * `/etc/hosts` (`copyNetworkConfigFilesToTask` in the ECS agent's `netlib`; Docker does so too). The helper, which is root,
 * writes it for images whose user may not. If the build container does not see the names, it writes them itself.
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
  const check = `while read -r address name others; do [ "$address $name" = "127.0.0.1 ${first}" ] && exit 0; done < /etc/hosts\n`;
  await run('helper_setup', write);
  const names = hostnames.join(', ');
  if (await run('build_setup', check + write)) {
    log.info(`Services are reachable as ${names}`);
  } else {
    log.info(
      `The image's user may not write /etc/hosts, so the names ${names} do not resolve. Use 127.0.0.1 to reach services.`,
    );
  }
}
