/** Reads and writes a package's version for `nx release`; nx's own plugin for this would add 160 dependencies. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { VersionActions } from 'nx/release';

/** @typedef {import('nx/release').VersionActions} Actions */

export default class PackageVersions extends VersionActions {
  /** @override */
  validManifestFilenames = ['package.json'];

  /**
   * @override
   * @type {Actions['readCurrentVersionFromSourceManifest']}
   */
  async readCurrentVersionFromSourceManifest(tree) {
    const manifestPath = join(this.projectGraphNode.data.root, 'package.json');
    const { version } = JSON.parse(tree.read(manifestPath, 'utf8') ?? '{}');
    return { currentVersion: version, manifestPath };
  }

  /**
   * Packages are private, so they are in no registry.
   * @override
   */
  async readCurrentVersionFromRegistry() {
    return null;
  }

  /**
   * Packages depend on each other with `*`, which every version satisfies.
   * @override
   */
  async readCurrentVersionOfDependency() {
    return { currentVersion: null, dependencyCollection: null };
  }

  /**
   * @override
   * @type {Actions['updateProjectVersion']}
   */
  async updateProjectVersion(tree, newVersion) {
    const path = join(this.projectGraphNode.data.root, 'package.json');
    const manifest = JSON.parse(tree.read(path, 'utf8') ?? '{}');
    tree.write(path, `${JSON.stringify({ ...manifest, version: newVersion }, null, 2)}\n`);
    return [`${path}: version ${newVersion}`];
  }

  /** @override */
  async updateProjectDependencies() {
    return [];
  }
}

/**
 * Updates the lockfile, which contains the versions of the workspace's packages.
 * @param {string} cwd
 * @param {{ dryRun?: boolean }} options
 */
export async function afterAllProjectsVersioned(cwd, { dryRun = false }) {
  if (dryRun) return { changedFiles: [], deletedFiles: [] };
  const args = ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'];
  execFileSync('npm', args, { cwd, stdio: 'inherit' });
  return { changedFiles: ['package-lock.json'], deletedFiles: [] };
}
