import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Puts an `ssh` into a folder that answers like the helper: it "connects" when it holds the connection, and reports a build
 * container when asked whether it is ready. It writes each call to `calls`, one per line, and services' environments to
 * `environments`. Files in the folder change its answers: `ports` (open ports), `silent` (no port is ever open), `vitals` (of the
 * build container), `disk` (output of df), `read-only` (its `/etc/hosts`), `broken` (the connection), `broken-once` (its next answer), `deaf` (heartbeats fail),
 * `tail` (the last lines of services), `refuses` (services' environments are refused).
 * @returns the environment in which it is found
 */
export async function fakeSsh(folder: string): Promise<Record<string, string>> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const script = `#!/bin/sh
echo "$*" >> '${folder}/calls'
case "$*" in
  *' -N '*) echo connected; exec sleep 60 ;;
  *heartbeat) [ -e '${folder}/deaf' ] && exit 255 ;;
  *ready)
    [ -e '${folder}/broken-once' ] && rm '${folder}/broken-once' && exit 255
    [ -e '${folder}/broken' ] && exit 255; echo 'user=1000 shell=/bin/sh' ;;
  *await-ports*) [ -e '${folder}/silent' ] && exec sleep 60; cat '${folder}/ports' ;;
  *disk) cat '${folder}/disk' 2> /dev/null ;;
  *' service svc-'*)
    cat > '${folder}/environments'
    [ -e '${folder}/refuses' ] && echo 'job-helper: environment too large' >&2 || echo 'job-helper: taken' >&2 ;;
  *' tail svc-'*) cat '${folder}/tail' ;;
  *'stage helper_setup '*) cat >> '${folder}/helper-setup'; echo 'job-helper: exit 0' >&2 ;;
  *'stage build_setup '*)
    cat >> '${folder}/build-setup'
    cat '${folder}/vitals' 2> /dev/null
    [ -e '${folder}/read-only' ] && echo 'job-helper: exit 1' >&2 || echo 'job-helper: exit 0' >&2 ;;
esac
`;
  await writeFile(join(bin, 'ssh'), script);
  await writeFile(join(folder, 'ports'), 'ports: 5432\n');
  await writeFile(join(folder, 'tail'), '');
  await chmod(join(bin, 'ssh'), 0o755);
  return { PATH: `${bin}:${process.env.PATH ?? ''}` };
}
