import { fileURLToPath } from 'node:url';

/** Root of the checkout, without a slash at its end. */
export const REPOSITORY_ROOT = fileURLToPath(new URL('../../../../', import.meta.url)).replace(/\/$/, '');

/** The Node 24 that images get: the one this process runs on, which the lockfile pins. */
export const NODE_BINARY = process.execPath;
