/**
 * Builds the images for both architectures and pushes them, each with an SBOM and its provenance. Prints their names by digest as
 * JSON: `PUBLISHED_IMAGES` for `npm run pack`, whose infra package then uses these images. Needs Docker with buildx, a builder
 * that supports both architectures and attestations, and the contexts (`nx run images:stage`).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseOptions, UsageError } from './cli/parse-options.mjs';
import { logProgress } from './cli/progress.mjs';

const HELP = `Usage: node scripts/publish-images.mjs --repository REPOSITORY [--dry-run]

Builds the images of manager and helper for linux/amd64 and linux/arm64, pushes them to REPOSITORY/runner and
REPOSITORY/job-base with the version of this checkout as tag, and prints their names by digest as JSON.

      --repository REPOSITORY   for example ghcr.io/owner/name
      --dry-run                 prints the commands and does nothing
  -h, --help                    prints this help
`;
const OPTIONS = /** @type {const} */ ({
  repository: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
});
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Fargate pulls an image for every task, and unpacks zstd sooner than gzip. Layers of the base image are compressed anew. */
const OUTPUT = 'type=image,push=true,compression=zstd,force-compression=true,oci-mediatypes=true';
/** Folders in `dist/images`, by the name in the result. */
const IMAGES = { runner: 'runner', jobBase: 'job-base' };

try {
  main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  logProgress(error.message);
  process.exitCode = 2;
}

/** @throws {UsageError} */
function main() {
  const { values } = parseOptions(process.argv.slice(2), OPTIONS);
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const { repository } = values;
  if (repository === undefined)
    throw new UsageError('Name the repository with --repository. --help explains it.');
  const { version } = JSON.parse(readFileSync(join(ROOT, 'images/package.json'), 'utf8'));
  const entries = Object.entries(IMAGES).map(([key, folder]) => {
    const name = `${repository}/${folder}`;
    return [key, `${name}@${publish(folder, `${name}:${version}`, values['dry-run'])}`];
  });
  if (!values['dry-run']) console.log(JSON.stringify(Object.fromEntries(entries)));
}

/**
 * @param {string} folder
 * @param {string} tag
 * @param {boolean} isDryRun
 * @returns {string} digest of the index with both architectures
 */
function publish(folder, tag, isDryRun) {
  const temporary = mkdtempSync(join(tmpdir(), 'publish-images-'));
  const metadata = join(temporary, 'metadata.json');
  try {
    const args = [
      ...['buildx', 'build', `dist/images/${folder}`, '--platform', 'linux/amd64,linux/arm64'],
      ...[
        '--sbom=true',
        '--provenance=mode=max',
        '--tag',
        tag,
        '--output',
        OUTPUT,
        '--metadata-file',
        metadata,
      ],
    ];
    if (isDryRun) {
      console.log(['docker', ...args].join(' '));
      return '';
    }
    // Docker's progress goes to stderr; stdout has only the result.
    execFileSync('docker', args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
    return JSON.parse(readFileSync(metadata, 'utf8'))['containerimage.digest'];
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
