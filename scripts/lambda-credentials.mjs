/**
 * Replaces the SDK's default credential chain in the Lambdas' bundles. Lambda passes the execution role's credentials as
 * environment variables, which the chain tries first. Its other sources (profiles, SSO, containers, instances) are a fifth of
 * a bundle.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
import { fromEnv } from '@aws-sdk/credential-provider-env';

/** @param {Parameters<typeof fromEnv>[0]} init */
export const defaultProvider = (init) => fromEnv(init);
