import { fileURLToPath } from 'node:url';

/** Root of the checkout, without a slash at its end. */
export const REPOSITORY_ROOT = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');

/** The Node 24 that this process runs on. No image gets it. */
export const NODE_BINARY = process.execPath;
