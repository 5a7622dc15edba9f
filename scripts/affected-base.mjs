/** Prints the base commit for `nx affected` (`NX_BASE` in a pipeline) on stdout, and the reason on stderr. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseBase, readCheckout } from './cli/affected-base.mjs';
import { logProgress } from './cli/progress.mjs';

const { base, reason } = chooseBase(
  readCheckout(dirname(dirname(fileURLToPath(import.meta.url))), process.env),
);
logProgress(reason);
console.log(base);
