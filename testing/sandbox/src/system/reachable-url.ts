import type { Emulator } from '@serverless-gitlab-runner/aws-emulator';

/** Where a URL is reached from this machine: the host of a function URL resolves only on AWS, and the emulator serves it under a path. */
export function reachableUrl(url: string, { endpoint }: Pick<Emulator, 'endpoint'>): string {
  const { hostname, search } = new URL(url);
  const [id, kind] = hostname.split('.');
  return kind === 'lambda-url' ? `${endpoint}/_aws/lambda-url/${id}/${search}` : url;
}
