import { execFileSync } from 'node:child_process';

/** Tag of the commit that was deployed last. `npm run deploy` moves it on main, and the pipeline pushes it. */
export const DEPLOYED = 'deployed';

/** Git's empty tree: compared with it, everything is new. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const MAIN = 'main';

/** @typedef {{ base: string, reason: string }} AffectedBase a git revision to compare with, and a sentence about it */

/**
 * What to compare with to find out what is affected: on main the last deployment, elsewhere main.
 * @param {{ branch: string, deployed: string | undefined }} checkout its branch, and the commit that was deployed last
 * @returns {AffectedBase}
 */
export function chooseBase({ branch, deployed }) {
  if (branch !== MAIN) return { base: MAIN, reason: `Compared with ${MAIN}.` };
  if (deployed === undefined) {
    return {
      base: EMPTY_TREE,
      reason: `There is no tag "${DEPLOYED}" of a deployment yet: everything is affected.`,
    };
  }
  return {
    base: deployed,
    reason: `Compared with ${deployed.slice(0, 8)}, which was deployed last (tag "${DEPLOYED}").`,
  };
}

/**
 * Reads the branch and the tag from git; a pipeline's checkout has no branch, but a variable that names it.
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
 * Moves the tag after a deployment, on main only, and only if what was deployed is what is committed.
 * @param {string} root of the checkout
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean} whether it was moved
 */
export function recordDeployment(root, env) {
  // An emulator's deployment says nothing about AWS.
  const isOnAws = !env.AWS_ENDPOINT_URL;
  if (!isOnAws || readCheckout(root, env).branch !== MAIN || git(root, 'status', '--porcelain')) return false;
  return git(root, 'tag', '--force', DEPLOYED, 'HEAD') !== undefined;
}

/**
 * @param {string} root
 * @param {string[]} args
 * @returns {string | undefined} what git printed; undefined where it failed
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
