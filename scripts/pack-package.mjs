/**
 * Builds a published package: `node scripts/pack-package.mjs packages/infra` writes the folder `dist/npm/infra`, from which npm publishes,
 * and the same as `dist/npm/infra.tgz`. The packages under `packages/` are private and export TypeScript, so that nothing there
 * can be published by mistake; only this folder has everything that an installation needs.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsdown';
import { publishedManifest } from './pack/manifest.mjs';
import { PUBLISHED, SCOPE } from './pack/published-packages.mjs';

/** @typedef {import('./pack/published-packages.mjs').PublishedPackage} PublishedPackage */
/** @typedef {import('./pack/published-packages.mjs').PublishedName} PublishedName */
/** @typedef {import('./pack/manifest.mjs').SourceManifest & { exports?: string | Record<string, string> }} SourceManifest */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OUTPUT = join(ROOT, 'dist/npm');

const name = basename(process.argv[2] ?? '');
if (!isPublished(name)) {
  console.error(`Usage: node scripts/pack-package.mjs packages/${Object.keys(PUBLISHED).join('|')}`);
  process.exit(2);
}
await pack(name, join(OUTPUT, name));

/**
 * @param {string} value
 * @returns {value is PublishedName}
 */
function isPublished(value) {
  return Object.hasOwn(PUBLISHED, value);
}

/**
 * @param {PublishedName} name
 * @param {string} folder
 */
async function pack(name, folder) {
  const definition = /** @type {PublishedPackage} */ (PUBLISHED[name]);
  rmSync(folder, { recursive: true, force: true });
  const sources = readManifests();
  const imports = await compile(name, definition, join(folder, 'dist'), sources);
  const manifest = publishedManifest(name, sources, imports, { repository: repositoryUrl() });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const [path, source] of Object.entries(definition.files)) copy(source, join(folder, path));
  copy(`packages/${name}/README.md`, join(folder, 'README.md'));
  copy('LICENSE', join(folder, 'LICENSE'));
  if (name === 'infra') {
    writeCdkJson(folder);
    writeImages(folder);
  }
  const packed = run('npm', ['pack', folder, '--pack-destination', OUTPUT, '--silent', '--ignore-scripts']);
  renameSync(join(OUTPUT, packed.trim()), `${folder}.tgz`);
}

/**
 * Compiles the entries with their types, with the code of this repository's private packages in them.
 * @param {PublishedName} name
 * @param {PublishedPackage} definition
 * @param {string} outDir
 * @param {ReadonlyMap<string, SourceManifest>} sources
 * @returns {Promise<Set<string>>} what the compiled code and its types import from elsewhere
 */
async function compile(name, { entries, formats, node, inlined = [] }, outDir, sources) {
  const inlinedPackages = inlined.map((folder) => `${SCOPE}/${folder}`);
  /** @param {string} id */
  const isInlined = (id) =>
    inlinedPackages.some((inlinedPackage) => id === inlinedPackage || id.startsWith(`${inlinedPackage}/`));
  const bundles = await build({
    config: false,
    cwd: join(ROOT, 'packages', name),
    tsconfig: join(ROOT, 'tsconfig.base.json'),
    entry: { ...entries },
    format: [...formats],
    platform: 'node',
    target: node.replace('>=', 'node'),
    outDir,
    // TypeScript writes no types for what it finds in node_modules, where this workspace's packages are linked.
    dts: { compilerOptions: { paths: sourcePaths(inlined, sources) } },
    deps: {
      neverBundle: (id) => isPackageName(id) && !isInlined(id),
      alwaysBundle: isInlined,
    },
    checks: { pluginTimings: false },
    logLevel: 'warn',
  });
  const chunks = bundles.flatMap((bundle) => bundle.chunks).filter((chunk) => chunk.type === 'chunk');
  const own = new Set(chunks.map(({ fileName }) => fileName));
  const imported = chunks.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports]);
  return new Set(imported.filter((module) => !own.has(module)));
}

/**
 * @param {string} id what an import names
 * @returns {boolean} whether it is a package, not a file
 */
function isPackageName(id) {
  return /^[@\w]/.test(id) && !isAbsolute(id);
}

/**
 * @param {readonly string[]} inlined
 * @param {ReadonlyMap<string, SourceManifest>} sources
 * @returns {Record<string, string[]>} TypeScript's `paths`
 */
function sourcePaths(inlined, sources) {
  const paths = inlined.flatMap((folder) => {
    const { exports = {} } = sources.get(`${SCOPE}/${folder}`) ?? {};
    const subpaths = typeof exports === 'string' ? { '.': exports } : exports;
    return Object.entries(subpaths).map(([subpath, file]) => [
      `${SCOPE}/${folder}${subpath.slice(1)}`,
      [join(ROOT, 'packages', folder, file)],
    ]);
  });
  return Object.fromEntries(paths);
}

/** @returns {Map<string, SourceManifest>} */
function readManifests() {
  const manifests = globSync('packages/*/package.json', { cwd: ROOT }).map(readJson);
  return new Map(manifests.map((manifest) => [manifest.name, manifest]));
}

/**
 * The CDK app of the package is compiled.
 * @param {string} folder
 */
function writeCdkJson(folder) {
  const settings = { ...readJson('packages/infra/cdk.json'), app: 'node dist/app.mjs' };
  writeFileSync(join(folder, 'cdk.json'), `${JSON.stringify(settings, null, 2)}\n`);
}

/**
 * The names of the released images, which `scripts/publish-images.mjs` prints. Without them, the images are built where the
 * package is used.
 * @param {string} folder
 */
function writeImages(folder) {
  const { PUBLISHED_IMAGES: images } = process.env;
  if (images)
    writeFileSync(join(folder, 'files/images.json'), `${JSON.stringify(JSON.parse(images), null, 2)}\n`);
}

/** In a pipeline, the repository that it runs for: npm compares it with the package's provenance. */
function repositoryUrl() {
  const { CI_PROJECT_URL, GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
  const url = CI_PROJECT_URL ?? (GITHUB_REPOSITORY && `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`);
  return url ? `git+${url}.git` : undefined;
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
}

/**
 * @param {string} source path in the repository
 * @param {string} target
 */
function copy(source, target) {
  if (!existsSync(join(ROOT, source))) {
    console.error(`${source} does not exist: run "npm run build" first, or "npm run pack", which does`);
    process.exit(1);
  }
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(ROOT, source), target, { recursive: true });
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
function run(program, args) {
  return execFileSync(program, args, { cwd: ROOT, encoding: 'utf8' });
}
