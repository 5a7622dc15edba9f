import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Instance } from '../instance.ts';
import type { Job } from '../model/job.ts';
import type { Project } from '../model/project.ts';
import { serveGit } from './http-backend.ts';
import { serveLargeFiles } from './large-files.ts';

const GIT_URL =
  /^\/(.+?)\.git\/(info\/refs|git-upload-pack|git-receive-pack|HEAD|objects\/.*|info\/lfs\/.*)$/;

/** Whether a path is git's, and not the API's. */
export function isGitPath(pathname: string): boolean {
  return GIT_URL.test(pathname);
}

/**
 * Git over HTTP, smart protocol only, for `gitlab-ci-token` with the token of a running job of the same project: 401 otherwise.
 * A push is refused with 403, as GitLab does unless a project allows job tokens to push.
 */
export async function handleGit(
  instance: Instance,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://git');
  const [, path = '', service = ''] = GIT_URL.exec(decodeURIComponent(url.pathname)) ?? [];
  const job = jobOf(instance, request.headers.authorization);
  const project = [...instance.projects.values()].find((candidate) => candidate.path === path);
  if (!job || !project || !mayRead(job, project)) return refuse(response, 401, 'HTTP Basic: Access denied.');
  if (service.startsWith('info/lfs/')) return serveLargeFiles(instance, project, service, request, response);
  if (isPush(service, url)) return refuse(response, 403, 'You are not allowed to upload code.');
  if (!isSmart(service, url)) return refuse(response, 404, 'Not Found');
  await serveGit(request, response, {
    repository: project.repository,
    path: service,
    query: url.search.slice(1),
  });
}

/** A job's token opens its own project, and those that have the project on their list. */
function mayRead(job: Job, project: Project): boolean {
  const own = job.pipeline.project;
  return own === project || project.jobTokenAllowlist.includes(own.path);
}

function isPush(service: string, url: URL): boolean {
  return service === 'git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack';
}

/** The dumb protocol is not served; GitLab has none either. */
function isSmart(service: string, url: URL): boolean {
  if (service === 'info/refs') return url.searchParams.get('service') === 'git-upload-pack';
  return service === 'git-upload-pack';
}

function jobOf(instance: Instance, authorization: string | undefined): Job | undefined {
  const [, encoded = ''] = /^Basic (.+)$/i.exec(authorization ?? '') ?? [];
  const [user, ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return user === 'gitlab-ci-token' ? instance.jobByToken(password.join(':')) : undefined;
}

function refuse(response: ServerResponse, status: number, message: string): void {
  const challenge = status === 401 ? { 'WWW-Authenticate': 'Basic realm="GitLab"' } : {};
  response.writeHead(status, { 'Content-Type': 'text/plain', ...challenge }).end(`${message}\n`);
}
