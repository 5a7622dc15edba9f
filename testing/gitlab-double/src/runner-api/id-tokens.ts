import { createHmac } from 'node:crypto';
import type { Instance } from '../instance.ts';
import type { Job } from '../model/pipeline.ts';

/** `id_tokens:` of a job: variable name to a JSON Web Token with GitLab's claims. The key of its signature is not published. */
export function idTokens(instance: Instance, job: Job): Record<string, string> {
  const { idTokens: audiences = {} } = job.definition;
  return Object.fromEntries(
    Object.entries(audiences).map(([name, audience]) => [name, token(instance, job, audience)]),
  );
}

function token(instance: Instance, job: Job, audience: string): string {
  const { project, ref } = job.pipeline;
  const now = Math.floor(instance.now().getTime() / 1000);
  const claims = {
    iss: instance.settings.externalUrl,
    aud: audience,
    sub: `project_path:${project.path}:ref_type:branch:ref:${ref}`,
    project_path: project.path,
    job_id: `${job.id}`,
    ref,
    iat: now,
    exp: now + 3600,
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  const signature = createHmac('sha256', instance.settings.privateToken).update(signed).digest('base64url');
  return `${signed}.${signature}`;
}
