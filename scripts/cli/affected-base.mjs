import { execFileSync } from 'node:child_process';

/** Tag of the last deployed commit. `npm run deploy` moves it on main, and the pipeline pushes it. */
export const DEPLOYED = 'deployed';

/** Git's empty tree: everything is new compared with it. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const MAIN = 'main';

/** @typedef {{ base: string, reason: string }} AffectedBase a git revision to compare with, and a sentence about it */

/**
 * Chooses the base for finding affected projects: on main the last deployment, elsewhere main.
 * @param {{ branch: string, deployed: string | undefined }} checkout its branch, and the last deployed commit
 * @returns {AffectedBase}
 */
export function chooseBase({ branch, deployed }) {
  if (branch !== MAIN) return { base: MAIN, reason: `Compared with ${MAIN}.` };
  if (deployed === undefined) {
    return {
      base: EMPTY_TREE,
      reason: `Nothing was deployed yet (there is no tag "${DEPLOYED}"): everything is affected.`,
    };
  }
  return {
    base: deployed,
    reason: `Compared with ${deployed.slice(0, 8)}, the last deployment (tag "${DEPLOYED}").`,
  };
}

/**
 * Reads the branch and the tag from git. A pipeline's checkout has no branch, only a variable that names it.
 * @param {string} root of the checkout
 * @param {NodeJS.ProcessEnv} env
 */
export function readCheckout(root, env) {
  const branch =
    env.CI_COMMIT_BRANCH || env.GITHUB_REF_NAME || git(root, 'rev-parse', '--abbrev-ref', 'HEAD');
  const deployed = git(root, 'rev-parse', '--quiet', '--verify', `refs/tags/${DEPLOYED}^{commit}`);
  return { branch: branch ?? '', deployed };
}

/**
 * Moves the tag after a deployment, only on main, and only if nothing uncommitted was deployed.
 * @param {string} root of the checkout
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean} whether it was moved
 */
export function recordDeployment(root, env) {
  // A deployment into an emulator does not count.
  const isOnAws = !env.AWS_ENDPOINT_URL;
  if (!isOnAws || readCheckout(root, env).branch !== MAIN || git(root, 'status', '--porcelain')) return false;
  return git(root, 'tag', '--force', DEPLOYED, 'HEAD') !== undefined;
}

/**
 * @param {string} root
 * @param {string[]} args
 * @returns {string | undefined} git's output; undefined if it failed
 */
function git(root, ...args) {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
