/** How Lambdas are bundled. */

/** @satisfies {import('esbuild').BuildOptions} */
export const LAMBDA_BUNDLE = {
  bundle: true,
  minify: true,
  keepNames: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'warning',
  // Bundled CommonJS dependencies call `require` for Node's built-in modules; ESM has no `require`.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
};
