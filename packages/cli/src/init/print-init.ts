import { type Clients, createClients } from '../clients.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import type { InitRequest } from './init-request.ts';
import { renderPlan, renderResult } from './render-init.ts';
import { type DeployRequest, type GitLabTokens, runInit } from './run-init.ts';

export interface InitCommand {
  request: InitRequest;
  tokens: GitLabTokens | undefined;
  json: boolean;
  /** Asks whether to go on; undefined: the plan is not asked about. */
  ask: ((question: string) => Promise<boolean>) | undefined;
  /** Only shows the plan. */
  isDryRun: boolean;
}

/** `sgr init`. Returns whether everything is set up; what is left to be done by hand counts as set up. */
export async function printInit(
  { request, tokens, json, ask, isDryRun }: InitCommand,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<boolean> {
  const columns = terminal.columns ?? DEFAULT_COLUMNS;
  const log = (line: string) => terminal.printError(line);
  const region = await clients.cloudFormation.config.region();
  const result = await runInit({
    request,
    tokens,
    clients,
    log,
    now: terminal.now,
    deploy: (options) => deploy(options, log),
    async confirm(plan, aws) {
      if (isDryRun && json) terminal.print(JSON.stringify(plan, undefined, 2));
      else for (const line of renderPlan(request, plan, aws, columns)) log(line);
      if (isDryRun) return false;
      log('');
      return ask === undefined || ask('Go on?');
    },
  });
  if (result === undefined) {
    if (!isDryRun) log('Nothing was changed.');
    return isDryRun;
  }
  if (json) terminal.print(JSON.stringify(result, undefined, 2));
  else {
    const { secretCommands } = await import('@serverless-gitlab-runner/infra/operate');
    const prefix = result.runnerTokenParameter.replace(/\/fleets\/.*$/, '');
    const commands = { runnerToken: secretCommands(prefix, request.fleet, region).runnerToken, region };
    terminal.print('');
    for (const line of renderResult(request, result, commands, columns)) terminal.print(line);
  }
  return true;
}

async function deploy({ context, bootstrap }: DeployRequest, log: (line: string) => void) {
  const { deployAll } = await import('@serverless-gitlab-runner/infra/operate');
  log('Deploying: images and stacks, which takes some minutes the first time …');
  const outputs = await deployAll({ context, bootstrap, log: (line) => log(`  ${line}`) });
  log('✓ stacks deployed');
  return { webhookUrl: outputs.WebhookUrl, parameterPrefix: outputs.ParameterPrefix };
}
