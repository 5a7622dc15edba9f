/** Value of a masked variable that every job of a fault run gets and prints. */
export const MASKED_VALUE = 'planted-masked-value-5b1f0c';

/** `whsec_` and the base64 of 32 bytes, as GitLab makes them. */
export const SIGNING_TOKEN = `whsec_${Buffer.alloc(32, 'fault-run').toString('base64')}`;

/** Password of a registry, in every job's `DOCKER_AUTH_CONFIG`. */
const REGISTRY_PASSWORD = 'planted-registry-password-2c7d9e';
const REGISTRY_AUTH = Buffer.from(`ci:${REGISTRY_PASSWORD}`).toString('base64');

/** A login for a registry that no job uses. */
export const DOCKER_AUTH_CONFIG = JSON.stringify({
  auths: { 'registry.example.com': { auth: REGISTRY_AUTH } },
});

/** Secrets that must never be exposed, whatever a fault does. */
export const PLANTED_SECRETS: readonly { name: string; value: string }[] = [
  { name: 'masked variable', value: MASKED_VALUE },
  { name: 'signing token', value: SIGNING_TOKEN },
  { name: 'registry password', value: REGISTRY_PASSWORD },
  { name: 'registry login', value: REGISTRY_AUTH },
];
