import {
  GetParameterCommand,
  ParameterAlreadyExists,
  ParameterNotFound,
  PutParameterCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { failureName, type Timing } from '@serverless-gitlab-runner/aws/calls';
import { parameterNames, webhookRunnerTokenName } from '@serverless-gitlab-runner/fleet';
import { createBoundedMap } from './bounded-map.ts';

/** GitLab's tokens are words of these characters, `glrt-` and 20 or more; longer ones carry routing data. */
const RUNNER_TOKEN = /^[A-Za-z0-9_.-]{8,255}$/;

/** Whether a query's `runner_token` can be one. */
export function isRunnerToken(value: string): boolean {
  return RUNNER_TOKEN.test(value);
}

/**
 * Milliseconds after which a token that is still brought is written again. When a parameter was written last is all that tells
 * idle-reaper of its use, and a message that names it may wait in the queue for 14 days before it is deleted after 30.
 */
const RENEW_AFTER_MS = 7 * 24 * 3_600_000;

/** Puts a runner token that a webhook brought where managers find it. */
export interface RunnerTokenStore {
  /** @returns the name of the SecureString that holds the token */
  keep(fleet: string, runnerToken: string): Promise<string>;
}

/** Called when the date of a token in use could not be renewed. The token is still there: the webhook goes on. */
export type ReportNotRenewed = (parameterName: string, failure: string) => void;

/** A token and the parameter that holds it. */
interface NamedToken {
  name: string;
  fleet: string;
  value: string;
}

export function createRunnerTokenStore(
  ssm: SSMClient,
  prefix: string,
  timing: Timing,
  report: ReportNotRenewed,
): RunnerTokenStore {
  // A parameter that somebody removed is written again after ten minutes.
  const known = createBoundedMap<true>({ maxEntries: 1000, maxAgeMs: 600_000 }, timing.now);
  return {
    async keep(fleet, runnerToken) {
      const name = webhookRunnerTokenName(parameterNames(prefix, fleet), runnerToken);
      if (known.get(name)) return name;
      const token = { name, fleet, value: runnerToken };
      if (!(await create(ssm, token)))
        await renew(ssm, token, timing.now()).catch((error: unknown) => report(name, failureName(error)));
      known.set(name, true);
      return name;
    },
  };
}

/** @returns false when there is one: the name is the value's digest, so it holds this token already */
async function create(ssm: SSMClient, token: NamedToken): Promise<boolean> {
  try {
    await write(ssm, token, false);
    return true;
  } catch (error) {
    if (error instanceof ParameterAlreadyExists) return false;
    throw error;
  }
}

/** Writes a token again that was written long ago, or was deleted a moment ago. */
async function renew(ssm: SSMClient, token: NamedToken, now: number): Promise<void> {
  const writtenAt = await whenWritten(ssm, token.name);
  if (writtenAt === undefined || now - writtenAt > RENEW_AFTER_MS) await write(ssm, token, true);
}

/** @returns milliseconds since 1970; undefined: it is gone */
async function whenWritten(ssm: SSMClient, name: string): Promise<number | undefined> {
  try {
    // Not decrypted: only the date counts, and this role may not.
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: false }));
    return Parameter?.LastModifiedDate?.getTime();
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  }
}

async function write(ssm: SSMClient, { name, fleet, value }: NamedToken, isRenewal: boolean): Promise<void> {
  await ssm.send(
    new PutParameterCommand({
      Name: name,
      Value: value,
      Type: 'SecureString',
      Overwrite: isRenewal,
      Description: `Runner token that a webhook brought to fleet ${fleet}`,
    }),
  );
}
