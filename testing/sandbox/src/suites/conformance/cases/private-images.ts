import { DEMO_IMAGES } from '../../../images/demo-images.ts';
import type { Suite } from '../conformance-case.ts';
import type { ConformanceEnvironment } from '../conformance-environment.ts';
import { failsFor, lastsAtMost, says, succeedsWith } from '../expectations.ts';
import { leavesNoLogin, type RegistryLogin } from '../no-login-left.ts';

const { busybox } = DEMO_IMAGES;
const WRONG_LOGIN: RegistryLogin = ['somebody', 'planted-wrong-password-7d1e'];

export const PRIVATE_IMAGES: Suite = {
  repository: 'private-images',
  project: { variables: { WRONG_LOGIN: base64(WRONG_LOGIN) } },
  // Docker does not pull an image that it already has: each job's image has a name of its own.
  registryImages: { ':1': busybox, '/app:1': busybox, '/app:2': busybox, '/web:1': busybox },
  prepare: async (environment) => {
    await fillProject(environment, 'conformance/public-images', 'public');
    await fillProject(environment, 'conformance/closed-images', 'private');
    return {};
  },
  cases: [
    {
      keyword: 'private image',
      name: "in the project's own registry: pulled with the login that GitLab sends with the job",
      quick: true,
      jobs: { 'own-image': succeedsWith('busybox'), 'own-image-below': succeedsWith('busybox') },
    },
    {
      keyword: 'private image',
      name: "in a public project of GitLab's registry",
      jobs: { 'public-image': succeedsWith('busybox') },
    },
    {
      keyword: 'private image',
      name: "as a service's image",
      jobs: { 'own-service': succeedsWith('the service said busybox') },
    },
    {
      keyword: 'private image',
      name: "pulled with the fleet's credentials for a path of the registry (job.registryCredentials)",
      jobs: { 'of-fleet': succeedsWith('busybox') },
    },
    {
      keyword: 'private image',
      name: "pulled through the fleet's mirror, with the mirror's login (job.registryMirrors)",
      jobs: {
        'of-mirror': [
          ...succeedsWith('busybox'),
          says(/Image mirrored\.example\.com\/mirrored:1 is pulled as \S+\/fleet\/images\/mirrored:1/),
        ],
      },
    },
    {
      keyword: 'private image',
      name: "without a login, or with a wrong one: script_failure with the registry's message, within seconds",
      jobs: {
        'no-login': isDenied(/closed-images\/app.*denied/),
        'no-login-for-service': isDenied(/closed-images\/web.*denied/),
        'wrong-login': isDenied(/HTTP Basic: Access denied/),
      },
    },
    {
      keyword: 'private image',
      name: "that does not exist: script_failure with the registry's message, within seconds",
      jobs: {
        'not-there': [
          failsFor('script_failure'),
          says(/private-images\/app:3.*(not found|manifest unknown)/),
          says('The image does not exist'),
          lastsAtMost(60),
        ],
      },
    },
    {
      keyword: 'private image',
      name: 'after the jobs no login is left in Secrets Manager, and no password appears in task definitions, tasks or logs',
      during: leavesNoLogin(WRONG_LOGIN),
      jobs: { 'own-image': [], 'own-service': [], 'of-fleet': [], 'wrong-login': [] },
    },
  ],
};

export const PRIVATE_IMAGES_VARIABLE: Suite = {
  repository: 'private-images-variable',
  prepare: async (environment) => ({
    DOCKER_AUTH_CONFIG: await createSharedLogin(environment, 'conformance/shared-by-variable'),
  }),
  cases: [
    {
      keyword: 'private image',
      name: 'of another project, for the job and a service, with a deploy token in DOCKER_AUTH_CONFIG; no login is left afterwards',
      quick: true,
      during: leavesNoLogin(),
      jobs: { 'login-in-variable': succeedsWith('busybox', 'the service said busybox') },
    },
  ],
};

export const PRIVATE_IMAGES_FILE: Suite = {
  repository: 'private-images-file',
  prepare: async (environment) => ({
    DOCKER_AUTH_CONFIG: {
      value: await createSharedLogin(environment, 'conformance/shared-by-file'),
      file: true,
    },
  }),
  cases: [
    {
      keyword: 'private image',
      name: 'of another project, with a deploy token in a DOCKER_AUTH_CONFIG of type file; no login is left afterwards',
      during: leavesNoLogin(),
      jobs: { 'login-in-file': succeedsWith('busybox', '1') },
    },
  ],
};

function isDenied(message: RegExp) {
  return [
    failsFor('script_failure'),
    says(message),
    says('a private image needs a login in DOCKER_AUTH_CONFIG'),
    lastsAtMost(60),
  ];
}

/** Creates a project with images in its registry. */
async function fillProject(
  { gitlab, privateRegistry }: ConformanceEnvironment,
  path: string,
  visibility: 'private' | 'public',
) {
  const project = await gitlab.createProject({ path, visibility });
  for (const name of ['app:1', 'web:1']) await privateRegistry.push(busybox, `${path}/${name}`);
  return project;
}

/** Creates a project with images. Returns a `DOCKER_AUTH_CONFIG` with one of its deploy tokens. */
async function createSharedLogin(environment: ConformanceEnvironment, path: string): Promise<string> {
  const { gitlab, privateRegistry } = environment;
  const project = await fillProject(environment, path, 'private');
  const { username, token } = gitlab.createDeployToken({ projects: [project] });
  return JSON.stringify({ auths: { [privateRegistry.host]: { auth: base64([username, token]) } } });
}

function base64([username, password]: RegistryLogin): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}
