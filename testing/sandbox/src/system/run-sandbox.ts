import {
  InvalidEnvironmentError,
  logToStderr as log,
  readEnvironment,
  type SandboxEnvironment,
  untilAborted,
} from '@serverless-gitlab-runner/machine';
import pc from 'picocolors';
import { MISSING_GITLAB, parseCommandLine } from '../../../../scripts/cli/commands.mjs';
import type { CommandContext } from '../command.ts';
import { deploySystem } from './deploy-system.ts';
import { followLogs } from './follow-logs.ts';
import { prepareMachine } from './prepare-machine.ts';
import { reachableGitLab } from './reachable-gitlab.ts';
import { startEmulatorFor } from './start-emulator.ts';

/** Shorter than a fleet's defaults, so that a user sees managers start and stop without a long wait. */
const SANDBOX_FLEET = {
  manager: { idleSeconds: 60, drainPollSeconds: 2 },
  job: { size: { cpu: 1024, memory: 2048 } },
} as const;

/** `npm run sandbox`: keeps the system running for the user's GitLab until Ctrl-C or SIGTERM. With `logs`, follows its logs. */
export async function runSandbox(context: CommandContext): Promise<number> {
  const { args, cleanup, signal } = context;
  if (parseCommandLine('sandbox', args).positionals[0] === 'logs') return followLogs(context);
  const { gitlabUrl, runnerToken } = requireGitLab(readEnvironment());
  const machine = await prepareMachine({ log, cleanup, bundles: true, demoImages: false });
  const emulator = await startEmulatorFor(log, cleanup, machine);
  const gitlab = await reachableGitLab(gitlabUrl, emulator.gatewayAddress);
  cleanup.add('the port forwarding to GitLab', () => gitlab.stop());
  const fleet = { ...SANDBOX_FLEET, ...(gitlab.cloneUrl === undefined ? {} : { cloneUrl: gitlab.cloneUrl }) };
  const system = await deploySystem({
    log,
    machine,
    emulator,
    signal,
    gitlabUrl: gitlab.url,
    runnerToken,
    fleet,
  });
  log('');
  log(
    `GitLab                ${gitlabUrl}${gitlab.url === gitlabUrl ? '' : ` (from containers: ${gitlab.url})`}`,
  );
  log(`AWS endpoint          ${emulator.endpoint}`);
  log(`This host, from jobs  ${emulator.gatewayAddress}`);
  log(`Managers stop after ${SANDBOX_FLEET.manager.idleSeconds} s without a job.`);
  log(
    'In GitLab, add a webhook (Settings, Webhooks) with the URL and secret below and the trigger "Job events".',
  );
  log('To follow the logs: npm run sandbox -- logs');
  log('To see why a job waits, or everything on a live page (npx sgr --help lists more):');
  const env = `AWS_ENDPOINT_URL=${emulator.endpoint} AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x`;
  log(`  ${env} npx sgr why JOB`);
  log(`  ${env} npx sgr ui --open`);
  log(pc.bold('Ready. Press Ctrl-C to stop; nothing is left behind.'));
  console.log(`WEBHOOK_URL=${system.webhookUrl}`);
  console.log(`WEBHOOK_SECRET=${system.webhookSecret}`);
  return untilAborted(signal);
}

function requireGitLab(environment: SandboxEnvironment) {
  const { SANDBOX_GITLAB_URL: gitlabUrl, SANDBOX_RUNNER_TOKEN: runnerToken } = environment;
  if (gitlabUrl && runnerToken) return { gitlabUrl, runnerToken };
  throw new InvalidEnvironmentError(MISSING_GITLAB);
}
