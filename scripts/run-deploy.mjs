/** `npm run deploy`: deploys the stacks by nx, then says what is left to do. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCommandLine } from './cli/commands.mjs';
import { runAttached } from './cli/run-attached.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const { values } = parseCommandLine('deploy', args);
// Four at a time; nx has the services wait for what they stand on.
const nx = join(root, 'node_modules/nx/dist/bin/nx.js');
const which = values.affected ? 'affected' : 'run-many';
const deploy = [nx, which, '-t', 'deploy', '--parallel=4', '--outputStyle=stream'];
// Not as arguments: nx hands them on without their quotes, and settings are JSON.
const options = JSON.stringify(args.filter((arg) => arg !== '--affected'));
const env = { ...process.env, DEPLOY_OPTIONS: options };
const code = await runAttached(process.execPath, deploy, { cwd: root, env });
process.exitCode =
  code === 0
    ? await runAttached(process.execPath, ['packages/infra/src/next-steps.ts'], { cwd: root, env })
    : code;
