import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTimedCache, explainFailure, shareCalls } from '@serverless-gitlab-runner/aws/calls';
import { type Clients, createClients } from '../clients.ts';
import { findInstallation, type Installation } from '../installation.ts';
import { OperationError } from '../operation-error.ts';
import type { Terminal } from '../terminal.ts';
import { explainJob } from '../why/explain-job.ts';
import { readJobFacts } from '../why/read-job-facts.ts';
import { createLiveFeed } from './live-feed.ts';
import { openBrowser } from './open-browser.ts';
import { readPageFiles } from './page-files.ts';
import { createPageServer, type JobAnswer } from './page-server.ts';
import { createSnapshotReader } from './read-snapshot.ts';
import { renderSavedPage } from './saved-page.ts';

interface PageOptions {
  hours: number;
  gitlabToken: string | undefined;
}

interface UiOptions extends PageOptions {
  /** 0: a free one. */
  port: number;
  open: boolean;
}

const INTERVAL_MS = 5000;
const RETRY_MS = 15_000;
/** Each takes several calls to AWS. */
const MAX_SAVED_ANSWERS = 20;
/** Only this machine can reach it. */
const HOST = '127.0.0.1';

/** `sgr ui`: serves the page until Ctrl-C. */
export async function serveUi(
  { port, open, hours, gitlabToken }: UiOptions,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const installation = await findInstallation(clients.cloudFormation);
  const token = randomBytes(24).toString('base64url');
  const server = createPageServer({
    token,
    files: readPageFiles(),
    feed: createLiveFeed({
      read: createSnapshotReader(clients, installation, { hours, now: terminal.now }),
      intervalMs: INTERVAL_MS,
      retryMs: RETRY_MS,
      explain: describe,
    }),
    explain: createExplain({ clients, installation, hours, gitlabToken, now: terminal.now }),
    describe,
  });
  const url = `http://${HOST}:${await listen(server, port)}/${token}/`;
  terminal.print(url);
  terminal.printError('Whoever has this URL can read the page, on this machine only. Ctrl-C ends it.');
  const close = open
    ? openBrowser(url, () => terminal.printError('No browser could be opened: open the URL yourself.'))
    : () => undefined;
  await interruption();
  close();
  server.close();
  server.closeAllConnections();
}

/** `sgr ui --save`: writes the page with what it shows now to a file. The first jobs, which have not ended, are explained. */
export async function savePage(
  { file, hours, gitlabToken }: PageOptions & { file: string },
  { now, print }: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const installation = await findInstallation(clients.cloudFormation);
  const snapshot = await createSnapshotReader(clients, installation, { hours, now })();
  const explain = createExplain({ clients, installation, hours, gitlabToken, now });
  const answers: Record<number, JobAnswer> = {};
  for (const { jobId } of snapshot.jobs.slice(0, MAX_SAVED_ANSWERS))
    if (jobId !== undefined) answers[jobId] = await explain(jobId);
  await writeFile(file, renderSavedPage(readPageFiles(), { snapshot, answers }));
  print(`${file}: ${snapshot.jobs.length} jobs, ${snapshot.managers.length} managers`);
}

/** @returns the port. @throws {OperationError} if it is taken */
async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, HOST);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const problem = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown problem';
    const message = `Port ${port} cannot be used (${problem}): choose another one with --port, or leave it out.`;
    throw Object.assign(new OperationError(message), { cause });
  }
  return (server.address() as AddressInfo).port;
}

/** Resolves at Ctrl-C, or when the process is asked to end. */
async function interruption(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

interface ExplainContext {
  clients: Clients;
  installation: Installation;
  hours: number;
  gitlabToken: string | undefined;
  now(): number;
}

/** What `sgr why` says of a job. Pages that ask again within a poll get the same answer. */
function createExplain({ clients, installation, hours, gitlabToken, now }: ExplainContext) {
  const answers = createTimedCache<JobAnswer>({ now, maxAgeMs: INTERVAL_MS });
  const ask = shareCalls(async (jobId: string) => {
    const gitlabProblems: string[] = [];
    const question = {
      ...{ hours, gitlabToken, now: now(), job: { jobId: Number(jobId) } },
      onGitLabProblem: (message: string) => void gitlabProblems.push(message),
    };
    const facts = await readJobFacts(question, clients, installation);
    const answer = { ...explainJob(facts), gitlabProblems };
    answers.set(jobId, answer);
    return answer;
  });
  return async (jobId: number) => answers.get(`${jobId}`) ?? (await ask(`${jobId}`));
}

function describe(error: unknown): string {
  return explainFailure(error) ?? (error instanceof Error ? error.message : String(error));
}
