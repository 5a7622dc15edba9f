import { createHash, createPublicKey, randomUUID, sign } from 'node:crypto';
import type { Access } from './registry-access.ts';
import { REGISTRY_ISSUER, type RegistrySettings } from './registry-settings.ts';

/** Seconds. GitLab's default (`container_registry_token_expire_delay`). */
const LIFETIME = 300;
/** Seconds by which the registry's clock may be behind. */
const LEEWAY = 5;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export interface TokenClaims {
  audience: string;
  subject: string | undefined;
  /** How the caller authenticated. */
  authType: string;
  access: readonly Access[];
  now: Date;
}

/** Creates a JSON Web Token for the registry. @see https://distribution.github.io/distribution/spec/auth/jwt/ */
export function registryToken({ key }: RegistrySettings, claims: TokenClaims): string {
  const issuedAt = Math.floor(claims.now.getTime() / 1000);
  const payload = {
    jti: randomUUID(),
    iss: REGISTRY_ISSUER,
    aud: claims.audience,
    sub: claims.subject ?? null,
    iat: issuedAt,
    nbf: issuedAt - LEEWAY,
    exp: issuedAt + LIFETIME,
    auth_type: claims.authType,
    access: claims.access,
  };
  const signed = `${encode({ typ: 'JWT', alg: 'RS256', kid: keyId(key) })}.${encode(payload)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

/** The registry's id of a key: 240 bits of the public key's SHA-256 in base 32, in groups of four. */
function keyId(key: string): string {
  const der = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const bits = [...createHash('sha256').update(der).digest().subarray(0, 30)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('');
  const letters = (bits.match(/.{5}/g) ?? []).map((five) => BASE32.charAt(Number.parseInt(five, 2)));
  return (letters.join('').match(/.{4}/g) ?? []).join(':');
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
