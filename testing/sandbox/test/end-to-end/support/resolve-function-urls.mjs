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
  const url = new URL(input instanceof Request ? input.url : String(input));
  const [id, kind] = url.hostname.split('.');
  const isFunction = kind === 'lambda-url';
  return isFunction ? send(`${endpoint}/_aws/lambda-url/${id}/${url.search}`, init) : send(input, init);
}

Object.assign(globalThis, { fetch: resolve });
