import { type Clients, createClients } from '../clients.ts';
import { confirm } from '../confirm.ts';
import { deploySettings } from '../deploy-settings.ts';
import { printNextSteps } from '../next-steps/print-next-steps.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import type { InitRequest } from './init-request.ts';
import { renderPlan, renderResult } from './render-init.ts';
import { type GitLabTokens, runInit } from './run-init.ts';

export interface InitCommand {
  request: InitRequest;
  tokens: GitLabTokens | undefined;
  json: boolean;
  /** Does not ask whether to go on. */
  yes: boolean;
  /** Only shows the plan. */
  isDryRun: boolean;
}

/** `sgr init`. @throws {OperationError} that says what to do */
export async function printInit(
  { request, tokens, json, yes, isDryRun }: InitCommand,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const columns = terminal.columns ?? DEFAULT_COLUMNS;
  const log = (line: string) => terminal.printError(line);
  const result = await runInit({
    request,
    tokens,
    clients,
    log,
    now: terminal.now,
    deploy(options) {
      log('Deploying images and stacks, which takes some minutes the first time …');
      return deploySettings({ ...options, log });
    },
    async confirm(plan, aws) {
      const lines = renderPlan(request, plan, aws, columns);
      if (isDryRun) {
        terminal.print(json ? JSON.stringify(plan, undefined, 2) : lines.join('\n'));
        return false;
      }
      for (const line of [...lines, '']) log(line);
      await confirm('Go on?', yes, terminal);
      return true;
    },
  });
  if (result === undefined) return;
  if (json) return terminal.print(JSON.stringify(result, undefined, 2));
  terminal.print('');
  if (result.byHand.length > 0) await printNextSteps({ json }, terminal, clients);
  for (const line of renderResult(request, result, columns)) terminal.print(line);
}
