import type { Instance } from './instance.ts';
import type { Job } from './model/pipeline.ts';
import type { Project } from './model/project.ts';

/** The URLs of a project, as GitLab shows them. */
export function projectUrls(instance: Instance, project: Project) {
  const web = `${instance.settings.externalUrl}/${project.path}`;
  const { hostname } = new URL(instance.settings.externalUrl);
  return { web, http: `${web}.git`, ssh: `git@${hostname}:${project.path}.git` };
}

export function jobUrl(instance: Instance, job: Job): string {
  return `${projectUrls(instance, job.pipeline.project).web}/-/jobs/${job.id}`;
}

/** The URL that a job clones from, with its token as the password. */
export function cloneUrl(instance: Instance, job: Job): string {
  const url = new URL(projectUrls(instance, job.pipeline.project).http);
  url.username = 'gitlab-ci-token';
  url.password = job.token;
  return url.href;
}
