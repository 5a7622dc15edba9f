import type { Instance } from '../instance.ts';
import { mayReadWithJobToken, type Project } from '../model/project.ts';
import type { RegistryCaller } from './registry-caller.ts';

/** An `access` entry of a token, as the registry reads it. */
export interface Access {
  type: 'repository';
  name: string;
  actions: string[];
  meta: { project_path: string; project_id: number };
}

/** A repository's name in the registry; in GitLab it has at least two parts. */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+|\/)[a-z0-9]+)*$/;

/**
 * The part of a scope (`repository:acme/shop/app:pull,push`) that the caller is granted; undefined for none. Types other than
 * `repository` are reserved for administrators and never granted here.
 * @throws {TypeError} for a scope without actions, which makes GitLab fail as well
 */
export function grantedAccess(instance: Instance, caller: RegistryCaller, scope: string): Access | undefined {
  const [type, name = '', ...rest] = scope.split(':');
  if (rest.length === 0) throw new TypeError(`the scope ${JSON.stringify(scope)} has no actions`);
  const project = type === 'repository' ? projectOf(instance, name) : undefined;
  if (!project) return undefined;
  const actions = rest.join(':').split(',');
  const granted = actions.filter((action) => isGranted(caller, project, action));
  if (granted.length === 0) return undefined;
  const meta = { project_path: project.path.toLowerCase(), project_id: project.id };
  return { type: 'repository', name, actions: granted, meta };
}

/** The project of a registry repository: the one with the longest path that is a prefix of the name. */
function projectOf(instance: Instance, name: string): Project | undefined {
  if (!REPOSITORY.test(name) || !name.includes('/')) return undefined;
  return [...instance.projects.values()]
    .filter(({ path }) => `${name}/`.startsWith(`${path.toLowerCase()}/`))
    .sort((one, other) => other.path.length - one.path.length)[0];
}

function isGranted(caller: RegistryCaller, project: Project, action: string): boolean {
  const isPublic = project.visibility === 'public';
  switch (caller.kind) {
    case 'none':
      return action === 'pull' && isPublic;
    case 'build': {
      const own = caller.job.pipeline.project;
      if (action === 'pull') return mayReadWithJobToken(own, project);
      return (action === 'push' || action === 'delete') && own === project;
    }
    case 'deploy_token': {
      const { scopes, projects } = caller.deployToken;
      const covered = projects.includes(project);
      if (action === 'pull') return scopes.includes('read_registry') && (covered || isPublic);
      return action === 'push' && scopes.includes('write_registry') && covered;
    }
    case 'personal_access_token':
      return ['pull', 'push', 'delete', '*'].includes(action);
  }
}
