import { createHash } from 'node:crypto';
import type { TimedCache } from '@serverless-gitlab-runner/aws/calls';
import type { WebhookSettings } from '@serverless-gitlab-runner/fleet';
import { fleetNameSchema } from '@serverless-gitlab-runner/shared-events';
import {
  type Answer,
  accepted,
  badRequest,
  ignored,
  methodNotAllowed,
  tooLarge,
  unauthorized,
  unavailable,
  unknownFleet,
} from './answers.ts';
import { isAuthentic, provenSecret } from './authenticate.ts';
import type { FleetReader } from './fleet-reader.ts';
import { InvalidJobHookError, type JobHook, readJobHook } from './job-hook.ts';
import type { JobEvent, PublishJobEvent } from './publish-job-event.ts';
import type { ReceivingFleet } from './read-fleet.ts';
import type { WebhookRequest } from './webhook-request.ts';
import { isRunnerToken, type RunnerTokenStore } from './webhook-runner-token.ts';

/** Larger bodies are not parsed. No GitLab sends a job event of this size. */
const MAX_BODY_BYTES = 1024 * 1024;
const JOB_HOOK = 'Job Hook';

export interface ReceiverDeps {
  fleets: FleetReader;
  runnerTokens: RunnerTokenStore;
  publish: PublishJobEvent;
  /** Ids of recently published events, by their webhook's id and content. */
  recent: TimedCache<string>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** The answer, and the log fields that explain it. Neither contains a secret, or a text that the body may choose. */
export interface Reception {
  answer: Answer;
  log: Readonly<Record<string, string | number | undefined>>;
}

/**
 * Answers one request of the function URL. The order of the checks is the contract (see README.md). An unauthenticated body is
 * not parsed, and its sender learns nothing. An authentic webhook that is not used here is never refused, since GitLab disables
 * hooks that keep failing.
 * @throws errors of SSM or EventBridge; nothing was published then
 */
export async function receiveWebhook(request: WebhookRequest, deps: ReceiverDeps): Promise<Reception> {
  if (request.method !== 'POST') return { answer: methodNotAllowed, log: { decision: 'not a POST' } };
  const fleet = request.query('fleet') ?? 'default';
  if (!fleetNameSchema.safeParse(fleet).success)
    return { answer: unknownFleet, log: { decision: 'not a fleet name' } };
  const found = await deps.fleets.find(fleet);
  if (found.kind === 'unknown') return { answer: unknownFleet, log: { fleet, decision: 'unknown fleet' } };
  if (found.kind === 'unreadable')
    return { answer: unavailable, log: { fleet, decision: 'unreadable fleet', problem: found.message } };
  const proof = await isFromGitlab(request, fleet, found, deps);
  if (!proof) return { answer: unauthorized, log: { fleet, decision: 'not authentic' } };
  const { answer, log } = await receiveAuthentic(request, fleet, found.settings, deps);
  return { answer, log: { fleet, ...(proof.secret ? { secret: proof.secret } : {}), ...log } };
}

/** Undefined: not authentic. Compares with the cached secrets, and then once with those in SSM now, since a secret may have just been rotated. */
async function isFromGitlab(
  request: WebhookRequest,
  fleet: string,
  found: ReceivingFleet,
  { fleets, now }: ReceiverDeps,
): Promise<{ secret: 'current' | 'previous' | undefined } | undefined> {
  const prove = ({ settings: { webhook }, secrets }: ReceivingFleet) =>
    isAuthentic(request, secrets, webhook.accepts, now())
      ? { secret: provenSecret(request, secrets, webhook.accepts, now()) }
      : undefined;
  const proof = prove(found);
  if (proof) return proof;
  const fresh = await fleets.findAgain(fleet);
  return fresh?.kind === 'found' ? prove(fresh) : undefined;
}

async function receiveAuthentic(
  request: WebhookRequest,
  fleet: string,
  settings: WebhookSettings,
  deps: ReceiverDeps,
): Promise<Reception> {
  const hookName = request.header('x-gitlab-event') ?? JOB_HOOK;
  if (hookName !== JOB_HOOK) return { answer: ignored, log: { decision: 'not a job hook' } };
  if (request.body.length > MAX_BODY_BYTES)
    return { answer: tooLarge, log: { decision: 'too large', bytes: request.body.length } };
  const problem = runnerTokenProblem(request, settings);
  if (problem) return refuse(problem);
  try {
    const hook = readJobHook(parseBody(request.body), {
      fleet,
      gitlabUrl: settings.gitlabUrl,
      instanceHeader: request.header('x-gitlab-instance'),
      receivedAt: new Date(deps.now()).toISOString(),
    });
    if (hook.kind === 'other') return { answer: ignored, log: { decision: 'unused status' } };
    return await publishOnce(request, hook, deps);
  } catch (error) {
    if (error instanceof InvalidJobHookError) return refuse(error.message);
    throw error;
  }
}

function refuse(problem: string): Reception {
  return { answer: badRequest(problem), log: { decision: 'bad request', problem } };
}

function runnerTokenProblem(request: WebhookRequest, settings: WebhookSettings): string | undefined {
  const runnerToken = request.query('runner_token');
  if (runnerToken === undefined) return undefined;
  if (!settings.webhook.allowRunnerToken)
    return 'runner_token: not allowed by the fleet (webhook.allowRunnerToken)';
  return isRunnerToken(runnerToken) ? undefined : 'runner_token: not a runner token';
}

function parseBody(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new InvalidJobHookError('body: not JSON in UTF-8');
  }
}

async function publishOnce(
  request: WebhookRequest,
  hook: Exclude<JobHook, { kind: 'other' }>,
  deps: ReceiverDeps,
): Promise<Reception> {
  const { fleet, jobId } = hook.event;
  const status = hook.kind === 'finished' ? hook.event.status : undefined;
  const about = { event: hook.kind, status, jobId, projectId: hook.event.projectId };
  const key = replayKey(request, fleet);
  const earlier = key === undefined ? undefined : deps.recent.get(key);
  if (earlier !== undefined)
    return { answer: accepted(earlier), log: { ...about, decision: 'replay', eventId: earlier } };
  const id = await deps.publish(await withRunnerToken(request, hook, deps.runnerTokens));
  if (key !== undefined) deps.recent.set(key, id);
  return { answer: accepted(id), log: { ...about, decision: 'published', eventId: id } };
}

async function withRunnerToken(
  request: WebhookRequest,
  hook: Exclude<JobHook, { kind: 'other' }>,
  runnerTokens: RunnerTokenStore,
): Promise<JobEvent> {
  const runnerToken = request.query('runner_token');
  if (hook.kind !== 'queued' || runnerToken === undefined) return hook;
  const runnerTokenParameter = await runnerTokens.store(hook.event.fleet, runnerToken);
  return { kind: 'queued', event: { ...hook.event, runnerTokenParameter } };
}

/** A webhook is identified by its id and its body, so a sender that reuses an id for another body loses nothing. */
function replayKey(request: WebhookRequest, fleet: string): string | undefined {
  const id = request.header('webhook-id') ?? request.header('idempotency-key');
  if (!id) return undefined;
  const hash = createHash('sha256');
  for (const part of [fleet, id, request.query('runner_token') ?? '']) hash.update(`${part}\n`);
  return hash.update(request.body).digest('base64');
}
