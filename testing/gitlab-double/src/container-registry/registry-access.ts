import type { Instance } from '../instance.ts';
import { mayReadWithJobToken, type Project } from '../model/project.ts';
import type { RegistryCaller } from './registry-caller.ts';

/** What a token allows, as the registry reads it. */
export interface Access {
  type: 'repository';
  name: string;
  actions: string[];
  meta: { project_path: string; project_id: number };
}

/** A repository's name in the registry; GitLab's has two parts at least. */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+|\/)[a-z0-9]+)*$/;

/**
 * What of a scope (`repository:acme/shop/app:pull,push`) the caller is granted; undefined for nothing. Other types than
 * repositories are for administrators' own use and are granted to nobody here.
 * @throws {TypeError} on a scope without actions, on which GitLab fails as well
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

/** The project whose repository that is: the one with the longest path that the name begins with. */
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
      const opens = projects.includes(project);
      if (action === 'pull') return scopes.includes('read_registry') && (opens || isPublic);
      return action === 'push' && scopes.includes('write_registry') && opens;
    }
    case 'personal_access_token':
      return ['pull', 'push', 'delete', '*'].includes(action);
  }
}
