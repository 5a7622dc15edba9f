import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { boundedClientOptions, createTimedCache } from '@serverless-gitlab-runner/aws/calls';
import { parseEcrRegistry } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../errors.ts';
import { RegistryError, type RegistryLogin } from './registry-request.ts';

/** Returns the manager's login to a registry of Amazon ECR; undefined for other registries. @throws {RegistryError} */
export type EcrLogin = (registry: string) => Promise<RegistryLogin | undefined>;

/** A login is valid for twelve hours. It is not used this close to its expiry. */
const EXPIRY_MARGIN_MS = 600_000;

interface FreshLogin {
  login: RegistryLogin;
  /** Milliseconds since 1970. */
  until: number;
}

/**
 * Creates a function that caches one login per region. All registries of a region share it, also those of other accounts, whose
 * policies decide about access.
 * @see https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
 */
export function createEcrLogin(now: () => number = Date.now): EcrLogin {
  const known = createTimedCache<RegistryLogin>({ now });
  return async (registry) => {
    const { region } = parseEcrRegistry(registry) ?? {};
    if (region === undefined) return undefined;
    const found = known.get(region);
    if (found) return found;
    const { login, until } = await askForLogin(region);
    known.set(region, login, until - now());
    return login;
  };
}

async function askForLogin(region: string): Promise<FreshLogin> {
  const client = new ECRClient({
    ...boundedClientOptions({ maxAttempts: 5, requestTimeoutMs: 10_000 }),
    region,
  });
  try {
    const { authorizationData: [data] = [] } = await client.send(new GetAuthorizationTokenCommand({}));
    const text = Buffer.from(data?.authorizationToken ?? '', 'base64').toString('utf8');
    const [username, password] = [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)];
    if (!username || !password) throw new Error('AWS returned no token');
    return { login: { username, password }, until: (data?.expiresAt?.getTime() ?? 0) - EXPIRY_MARGIN_MS };
  } catch (error) {
    throw new RegistryError(`no login to Amazon ECR in ${region}: ${messageOf(error)}`);
  } finally {
    client.destroy();
  }
}
