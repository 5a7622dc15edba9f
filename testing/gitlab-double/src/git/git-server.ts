import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BasicCredentials, basicCredentials } from '../basic-credentials.ts';
import type { Instance } from '../instance.ts';
import { mayReadWithJobToken, type Project } from '../model/project.ts';
import { serveGit } from './http-backend.ts';
import { serveLargeFiles } from './large-files.ts';

const GIT_URL =
  /^\/(.+?)\.git\/(info\/refs|git-upload-pack|git-receive-pack|HEAD|objects\/.*|info\/lfs\/.*)$/;

/** Whether a path belongs to git rather than to the API. */
export function isGitPath(pathname: string): boolean {
  return GIT_URL.test(pathname);
}

/**
 * Serves git over HTTP (smart protocol only) to `gitlab-ci-token` with the token of a running job that may read the project; 401
 * otherwise. A public project can also be read without credentials.
 * A push is answered 403, as GitLab does unless a project allows job tokens to push.
 */
export async function handleGit(
  instance: Instance,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://git');
  const [, path = '', service = ''] = GIT_URL.exec(decodeURIComponent(url.pathname)) ?? [];
  const credentials = basicCredentials(request.headers.authorization);
  const project = [...instance.projects.values()].find((candidate) => candidate.path === path);
  if (!project || !mayRead(instance, credentials, project))
    return refuse(response, 401, 'HTTP Basic: Access denied.');
  if (service.startsWith('info/lfs/')) return serveLargeFiles(instance, project, service, request, response);
  if (isPush(service, url)) return refuse(response, 403, 'You are not allowed to upload code.');
  if (!isSmart(service, url)) return refuse(response, 404, 'Not Found');
  await serveGit(request, response, {
    repository: project.repository,
    path: service,
    query: url.search.slice(1),
  });
}

function mayRead(instance: Instance, credentials: BasicCredentials | undefined, project: Project): boolean {
  if (!credentials) return project.visibility === 'public';
  const { username, password } = credentials;
  const job = username === 'gitlab-ci-token' ? instance.jobByToken(password) : undefined;
  return job !== undefined && mayReadWithJobToken(job.pipeline.project, project);
}

function isPush(service: string, url: URL): boolean {
  return service === 'git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack';
}

/** The dumb protocol is not served, as in GitLab. */
function isSmart(service: string, url: URL): boolean {
  if (service === 'info/refs') return url.searchParams.get('service') === 'git-upload-pack';
  return service === 'git-upload-pack';
}

function refuse(response: ServerResponse, status: number, message: string): void {
  const challenge = status === 401 ? { 'WWW-Authenticate': 'Basic realm="GitLab"' } : {};
  response.writeHead(status, { 'Content-Type': 'text/plain', ...challenge }).end(`${message}\n`);
}
