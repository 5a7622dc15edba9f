/** How Lambdas are bundled. */
import { fileURLToPath } from 'node:url';

/**
 * Everything into one minified file, also the AWS SDK.
 * @satisfies {import('esbuild').BuildOptions}
 */
export const BUNDLE = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'warning',
  // Bundled CommonJS dependencies call `require` for Node's built-in modules; ESM has no `require`.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
};

/**
 * The same with the credentials that Lambda provides.
 * @satisfies {import('esbuild').BuildOptions}
 */
export const LAMBDA_BUNDLE = {
  ...BUNDLE,
  alias: {
    '@aws-sdk/credential-provider-node': fileURLToPath(new URL('lambda-credentials.mjs', import.meta.url)),
    '@smithy/core/event-streams': fileURLToPath(new URL('no-event-streams.mjs', import.meta.url)),
  },
};
