import { type Clients, createClients } from '../clients.ts';
import { findInstallation } from '../installation.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import { timesAsIso } from '../times-as-iso.ts';
import { explainJob } from './explain-job.ts';
import type { JobArgument } from './job-argument.ts';
import { readJobFacts } from './read-job-facts.ts';
import { renderJob } from './render-job.ts';

export interface WhyOptions {
  job: JobArgument;
  hours: number;
  json: boolean;
  gitlabToken: string | undefined;
}

const ASK_GITLAB =
  'To ask GitLab as well, set GITLAB_TOKEN (scope read_api; of a Maintainer, also for runners).';

/** `sgr why`. */
export async function printWhy(
  { job, hours, json, gitlabToken }: WhyOptions,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const now = terminal.now();
  const installation = await findInstallation(clients.cloudFormation);
  const onGitLabProblem = terminal.printError;
  const question = { job, hours, now, gitlabToken, onGitLabProblem };
  const explanation = explainJob(await readJobFacts(question, clients, installation));
  if (json) return terminal.print(JSON.stringify(explanation, timesAsIso, 2));
  for (const line of renderJob(explanation, now, terminal.columns ?? DEFAULT_COLUMNS)) terminal.print(line);
  const waits = explanation.state === 'queued' || explanation.state === 'unknown';
  if (gitlabToken === undefined && waits) terminal.print(`\n${ASK_GITLAB}`);
}
