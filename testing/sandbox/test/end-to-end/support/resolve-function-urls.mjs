import { reachableUrl } from '../../../src/system/reachable-url.ts';

/**
 * Loaded into `sgr` (`node --import`): resolves the hosts of function URLs, which only AWS does, to the emulator of
 * `AWS_ENDPOINT_URL`.
 */
const send = globalThis.fetch;
const endpoint = process.env.AWS_ENDPOINT_URL ?? '';

/**
 * @param {string | URL | Request} input
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
function resolve(input, init) {
  const url = input instanceof Request ? input.url : String(input);
  const reachable = reachableUrl(url, { endpoint });
  return reachable === url ? send(input, init) : send(reachable, init);
}

Object.assign(globalThis, { fetch: resolve });
