import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type HookName = 'config' | 'prepare' | 'run' | 'cleanup';

/** Runs the stage's script and reports its exit code as the protocol requires. */
const RUN_SCRIPT = `
shift
if sh "$1"; then exit 0; else code=$?; fi
echo "$code" > "$BUILD_EXIT_CODE_FILE"
exit "$BUILD_FAILURE_EXIT_CODE"
`;

/** Creates a directory with the four hooks as shell scripts. Each appends its call with all arguments to `calls`. */
export async function createHooks(bodies: Partial<Record<HookName, string>> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'hooks-'));
  const scripts: Record<HookName, string> = {
    config: `echo '{"builds_dir":"${directory}/builds","cache_dir":"${directory}/cache"}'`,
    prepare: 'echo prepared',
    run: RUN_SCRIPT,
    cleanup: ':',
    ...bodies,
  };
  await mkdir(join(directory, 'environment'));
  for (const [name, body] of Object.entries(scripts)) {
    const record = `echo "${name} $*" >> '${directory}/calls'\nenv > '${directory}/environment/${name}'\n`;
    await writeFile(join(directory, name), `#!/bin/sh\n${record}${body}\n`, { mode: 0o755 });
  }
  const custom = (extra = '') => `[runners.custom]
config_exec = "${directory}/config"
prepare_exec = "${directory}/prepare"
prepare_args = ["first", "second word"]
run_exec = "${directory}/run"
run_args = ["for-run"]
cleanup_exec = "${directory}/cleanup"
${extra}`;
  return {
    directory,
    custom,
    /** The recorded calls of the hooks, without the directories of scripts. */
    calls: async () => {
      const text = await readFile(join(directory, 'calls'), 'utf8').catch(() => '');
      return text
        .trimEnd()
        .split('\n')
        .map((line) => line.replaceAll(/\/\S*\/script\b/g, 'SCRIPT').trimEnd());
    },
    environment: async (name: HookName) => {
      const text = await readFile(join(directory, 'environment', name), 'utf8');
      return new Map(
        text.split('\n').flatMap((line): [string, string][] => {
          const at = line.indexOf('=');
          return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
        }),
      );
    },
    read: (name: string) => readFile(join(directory, name), 'utf8').catch(() => ''),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

export type Hooks = Awaited<ReturnType<typeof createHooks>>;
