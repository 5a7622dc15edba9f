/** Prints what `nx affected` is to compare with, for `NX_BASE` in a pipeline; says why on stderr. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseBase, readCheckout } from './cli/affected-base.mjs';
import { tell } from './cli/progress.mjs';

const { base, reason } = chooseBase(
  readCheckout(dirname(dirname(fileURLToPath(import.meta.url))), process.env),
);
tell(reason);
console.log(base);
