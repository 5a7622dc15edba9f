/** The package.json of a published package. */
import { isBuiltin } from 'node:module';
import { PUBLISHED, SCOPE } from './published-packages.mjs';

/** @typedef {import('./published-packages.mjs').PublishedPackage} PublishedPackage */
/** @typedef {import('./published-packages.mjs').PublishedName} PublishedName */

/**
 * @typedef {object} SourceManifest a package.json of this repository
 * @property {string} name
 * @property {string} version
 * @property {string} description
 * @property {string} license
 * @property {Readonly<Record<string, string>>} [dependencies]
 */

/** A published package imports something that no package.json here declares, so no version is known. */
export class UndeclaredDependencyError extends Error {
  /** @override */
  name = 'UndeclaredDependencyError';
}

/**
 * @param {PublishedName} name
 * @param {ReadonlyMap<string, SourceManifest>} sources every package.json of this repository, by the package's name
 * @param {Iterable<string>} imports the modules that the compiled code and its types import
 * @param {{ repository?: string | undefined }} [options] `repository`: its URL, if known
 * @throws {UndeclaredDependencyError}
 */
export function publishedManifest(name, sources, imports, { repository } = {}) {
  const definition = /** @type {PublishedPackage} */ (PUBLISHED[name]);
  const source = sourceOf(sources, `${SCOPE}/${name}`);
  const used = [...new Set([...packagesOf(imports), ...(definition.programs ?? [])])].sort();
  const peers = used.filter((dependency) => definition.peers?.includes(dependency));
  const dependencies = used.filter((dependency) => !peers.includes(dependency));
  const declaring = [name, ...(definition.inlined ?? [])].map((folder) =>
    sourceOf(sources, `${SCOPE}/${folder}`),
  );
  /** @param {string} dependency */
  const versioned = (dependency) => [dependency, rangeOf(dependency, declaring, sources)];
  return {
    name: source.name,
    version: source.version,
    description: source.description,
    keywords: ['gitlab', 'gitlab-runner', 'ci', 'aws', 'fargate', 'ecs', 'serverless'],
    license: source.license,
    ...(repository === undefined
      ? {}
      : { repository: { type: 'git', url: repository, directory: `packages/${name}` } }),
    type: 'module',
    engines: { node: definition.node },
    ...entryPoints(definition),
    files: [
      'dist',
      ...(name === 'infra' ? ['cdk.json'] : []),
      ...new Set(Object.keys(definition.files).map((path) => path.split('/')[0])),
    ],
    dependencies: {
      ...Object.fromEntries(dependencies.map(versioned)),
      ...testedPeers(dependencies, sources),
    },
    ...(peers.length === 0 ? {} : { peerDependencies: Object.fromEntries(peers.map(versioned)) }),
    publishConfig: { access: 'public' },
  };
}

/**
 * Names of the packages that modules belong to, without Node's own and the package's own files.
 * @param {Iterable<string>} modules
 */
export function packagesOf(modules) {
  const packages = [...modules].filter((module) => !isBuiltin(module) && !/^[./]/.test(module));
  return packages.map((module) => module.split('/', module.startsWith('@') ? 2 : 1).join('/'));
}

/** @param {PublishedPackage} definition */
function entryPoints({ formats, exports = {}, bin = {}, files }) {
  const commonJs = formats.includes('cjs');
  /** @param {string} entry */
  const conditions = (entry) => {
    const esm = { types: `./dist/${entry}.d.mts`, default: `./dist/${entry}.mjs` };
    const cjs = { types: `./dist/${entry}.d.cts`, default: `./dist/${entry}.cjs` };
    return commonJs ? { import: esm, require: cjs } : esm;
  };
  const subpaths = Object.entries(exports).map(([subpath, entry]) => [subpath, conditions(entry)]);
  const commands = Object.entries(bin).map(([command, entry]) => [command, `./dist/${entry}.mjs`]);
  const schemas = 'schemas' in files ? { './schemas/*.json': './schemas/*.json' } : {};
  return {
    exports: { ...Object.fromEntries(subpaths), ...schemas, './package.json': './package.json' },
    // For TypeScript's and bundlers' older resolution, which ignores `exports`.
    ...(commonJs ? { main: './dist/index.cjs', types: './dist/index.d.cts' } : {}),
    ...(commands.length === 0 ? {} : { bin: Object.fromEntries(commands) }),
  };
}

/**
 * Packages here pin some versions, since the lockfile does so anyway; a library leaves updates to its consumer's lockfile.
 * @param {string} dependency
 * @param {readonly SourceManifest[]} declaring
 * @param {ReadonlyMap<string, SourceManifest>} sources
 */
function rangeOf(dependency, declaring, sources) {
  if (dependency.startsWith(`${SCOPE}/`)) return `^${sourceOf(sources, dependency).version}`;
  return declared(dependency, declaring).replace(/^(?=\d)/, '^');
}

/**
 * The peers of published packages that this one depends on, in exactly the versions that are tested here: whoever installs a
 * program chooses none.
 * @param {readonly string[]} dependencies
 * @param {ReadonlyMap<string, SourceManifest>} sources
 */
function testedPeers(dependencies, sources) {
  const published = Object.entries(PUBLISHED).filter(([name]) => dependencies.includes(`${SCOPE}/${name}`));
  const peers = published.flatMap(([name, definition]) => {
    const { peers: names = [] } = /** @type {PublishedPackage} */ (definition);
    return names.map((peer) => [peer, declared(peer, [sourceOf(sources, `${SCOPE}/${name}`)])]);
  });
  return Object.fromEntries(peers);
}

/**
 * @param {string} dependency
 * @param {readonly SourceManifest[]} manifests
 */
function declared(dependency, manifests) {
  const range = manifests.map(({ dependencies = {} }) => dependencies[dependency]).find(Boolean);
  if (range !== undefined) return range;
  const places = manifests.map(({ name }) => name).join(' or ');
  throw new UndeclaredDependencyError(
    `${dependency} is imported, but the package.json of ${places} lacks it`,
  );
}

/**
 * @param {ReadonlyMap<string, SourceManifest>} sources
 * @param {string} name
 */
function sourceOf(sources, name) {
  const source = sources.get(name);
  if (source === undefined) throw new Error(`There is no package ${name}`);
  return source;
}
