import { chmod } from 'node:fs/promises';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';

/** `cache-init DIR…`: makes the directories writable for all users. Returns the exit code. */
export async function cacheInit(argv: readonly string[], log: Logger): Promise<number> {
  const directories = argv.filter((word) => !word.startsWith('-'));
  if (directories.length === 0) {
    log.fatal('No arguments passed, at least 1 path is required.');
    return 1;
  }
  for (const directory of directories) {
    try {
      await chmod(directory, 0o777);
    } catch (error) {
      log.error(`failed to chmod path: ${messageOf(error)}`);
    }
  }
  return 0;
}
