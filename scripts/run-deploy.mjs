/** `npm run deploy`: deploys the stacks with nx, then prints the next steps. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseBase, DEPLOYED, readCheckout, recordDeployment } from './cli/affected-base.mjs';
import { parseCommandLine } from './cli/commands.mjs';
import { logProgress } from './cli/progress.mjs';
import { runAttached } from './cli/run-attached.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const { values } = parseCommandLine('deploy', args);
const nx = join(root, 'node_modules/nx/dist/bin/nx.js');
// Four at a time; nx lets the services wait for the stacks they depend on.
const deploy = ['-t', 'deploy', '--parallel=4', '--outputStyle=stream'];
// Not as arguments: nx drops their quotes, and settings are JSON.
const options = JSON.stringify(args.filter((arg) => arg !== '--affected'));
const env = { ...process.env, DEPLOY_OPTIONS: options };
const code = await run([nx, ...(values.affected ? affected() : ['run-many']), ...deploy]);
if (code === 0 && recordDeployment(root, env)) {
  logProgress(
    `The tag "${DEPLOYED}" now points to this commit. Share it with "git push --force origin ${DEPLOYED}".`,
  );
}
process.exitCode = code === 0 ? await run(['packages/cli/src/sgr.ts', 'next-steps']) : code;

function affected() {
  const { base, reason } = chooseBase(readCheckout(root, env));
  logProgress(reason);
  return ['affected', `--base=${base}`];
}

/** @param {readonly string[]} script */
function run(script) {
  return runAttached(process.execPath, script, { cwd: root, env });
}
