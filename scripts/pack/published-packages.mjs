/** What is published to a registry, from which packages of this repository. */

/** Scope of every package of this repository. */
export const SCOPE = '@serverless-gitlab-runner';

/**
 * @typedef {object} PublishedPackage
 * @property {Readonly<Record<string, string>>} entries entry points by the name of their output: modules below the package's folder
 * @property {readonly ('esm' | 'cjs')[]} formats module formats
 * @property {string} node oldest version of Node that runs it
 * @property {Readonly<Record<string, string>>} [exports] entries by their subpath. Default: `.` is `index`
 * @property {Readonly<Record<string, string>>} [bin] entries by the name of their command
 * @property {readonly string[]} [inlined] packages of this repository whose code becomes a part of it
 * @property {readonly string[]} [peers] dependencies that the consumer chooses
 * @property {readonly string[]} [programs] dependencies that are run, not imported
 * @property {Readonly<Record<string, string>>} files
 *   files and folders that are copied unchanged, by their path in it: paths in the repository
 */

/** Lambda packages, whose bundles are in the infra package. */
const LAMBDAS = ['webhook-receiver', 'runner-launcher', 'idle-reaper'];
const LAMBDA_BUNDLES = LAMBDAS.map((name) => `packages/${name}/dist`);
const IMAGE_CONTEXTS = ['images/runner', 'images/job-base'];
/** For EventBridge's schema registry. */
const EVENT_SCHEMAS = 'packages/shared-events/schemas/openapi';
const MANAGER = ['packages/runner-manager/dist', 'packages/runner-manager/hooks'];

/** By the folder below `packages`. */
export const PUBLISHED = /** @satisfies {Record<string, PublishedPackage>} */ ({
  'shared-events': {
    entries: { index: 'src/index.ts' },
    formats: ['esm', 'cjs'],
    node: '>=20',
    exports: { '.': 'index' },
    files: { schemas: 'packages/shared-events/schemas' },
  },
  infra: {
    entries: { index: 'src/index.ts', operate: 'src/operate.ts', app: 'src/app.ts' },
    formats: ['esm'],
    node: '>=22',
    exports: { '.': 'index', './operate': 'operate' },
    inlined: ['fleet', 'aws'],
    peers: ['aws-cdk-lib', 'constructs'],
    programs: ['aws-cdk'],
    // `productFile` of packages/infra finds them here.
    files: Object.fromEntries(
      [...LAMBDA_BUNDLES, ...MANAGER, ...IMAGE_CONTEXTS, EVENT_SCHEMAS].map((path) => [
        `files/${path}`,
        path,
      ]),
    ),
  },
  cli: {
    entries: { index: 'src/index.ts', sgr: 'src/sgr.ts' },
    formats: ['esm'],
    // The first version of Node that lets a program trust further authorities, for `sgr init --ca`.
    node: '>=22.19',
    exports: { '.': 'index' },
    bin: { sgr: 'sgr' },
    // Of the Lambdas, only the decisions that `sgr cost --forecast` simulates.
    inlined: ['fleet', 'aws', 'simulation', 'forecast', 'runner-launcher', 'idle-reaper'],
    // The page of `sgr ui`; `src/ui/page-files.ts` finds it here.
    files: { page: 'packages/cli/page' },
  },
});

/** @typedef {keyof typeof PUBLISHED} PublishedName */
