import { fileURLToPath } from 'node:url';

/** Root of the checkout, without a trailing slash. */
export const REPOSITORY_ROOT = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');

/** The Node 24 that runs this process. Images have their own. */
export const NODE_BINARY = process.execPath;
