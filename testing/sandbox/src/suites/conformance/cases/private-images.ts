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
  // A job with an image that Docker has already does not pull it: each has a name of its own.
  registryImages: { ':1': busybox, '/app:1': busybox, '/app:2': busybox, '/web:1': busybox },
  prepare: async (environment) => {
    await fillProject(environment, 'conformance/public-images', 'public');
    await fillProject(environment, 'conformance/closed-images', 'private');
    return {};
  },
  cases: [
    {
      keyword: 'private image',
      name: "of the project's own registry: pulled with what GitLab sends with the job",
      quick: true,
      jobs: { 'own-image': succeedsWith('busybox'), 'own-image-below': succeedsWith('busybox') },
    },
    {
      keyword: 'private image',
      name: "of a public project in GitLab's registry",
      jobs: { 'public-image': succeedsWith('busybox') },
    },
    {
      keyword: 'private image',
      name: 'of a service',
      jobs: { 'own-service': succeedsWith('the service said busybox') },
    },
    {
      keyword: 'private image',
      name: "with the fleet's credentials for a path of the registry (job.registryCredentials)",
      jobs: { 'of-fleet': succeedsWith('busybox') },
    },
    {
      keyword: 'private image',
      name: "through the fleet's mirror, with the login for it (job.registryMirrors)",
      jobs: {
        'of-mirror': [
          ...succeedsWith('busybox'),
          says(/Image mirrored\.example\.com\/mirrored:1 is pulled as \S+\/fleet\/images\/mirrored:1/),
        ],
      },
    },
    {
      keyword: 'private image',
      name: "without a login for it, or with a wrong one: script_failure in the registry's words within seconds",
      jobs: {
        'no-login': isNotGivenOut(/closed-images\/app.*denied/),
        'no-login-for-service': isNotGivenOut(/closed-images\/web.*denied/),
        'wrong-login': isNotGivenOut(/HTTP Basic: Access denied/),
      },
    },
    {
      keyword: 'private image',
      name: "that is not there: script_failure in the registry's words within seconds",
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
      name: 'afterwards no login is left in Secrets Manager, and no password is in task definitions, tasks and logs',
      during: leavesNoLogin(WRONG_LOGIN),
      jobs: { 'own-image': [], 'own-service': [], 'of-fleet': [], 'wrong-login': [] },
    },
  ],
};

export const PRIVATE_IMAGES_VARIABLE: Suite = {
  repository: 'private-images-variable',
  prepare: async (environment) => ({
    DOCKER_AUTH_CONFIG: await lend(environment, 'conformance/lent-in-variable'),
  }),
  cases: [
    {
      keyword: 'private image',
      name: "another project's, and a service's, with a deploy token in DOCKER_AUTH_CONFIG; no login is left afterwards",
      quick: true,
      during: leavesNoLogin(),
      jobs: { 'login-in-variable': succeedsWith('busybox', 'the service said busybox') },
    },
  ],
};

export const PRIVATE_IMAGES_FILE: Suite = {
  repository: 'private-images-file',
  prepare: async (environment) => ({
    DOCKER_AUTH_CONFIG: { value: await lend(environment, 'conformance/lent-in-file'), file: true },
  }),
  cases: [
    {
      keyword: 'private image',
      name: "another project's with a deploy token in a DOCKER_AUTH_CONFIG of type file; no login is left afterwards",
      during: leavesNoLogin(),
      jobs: { 'login-in-file': succeedsWith('busybox', '1') },
    },
  ],
};

function isNotGivenOut(words: RegExp) {
  return [
    failsFor('script_failure'),
    says(words),
    says('a private image needs a login in DOCKER_AUTH_CONFIG'),
    lastsAtMost(60),
  ];
}

/** A project with images in its registry. */
async function fillProject(
  { gitlab, privateRegistry }: ConformanceEnvironment,
  path: string,
  visibility: 'private' | 'public',
) {
  const project = await gitlab.createProject({ path, visibility });
  for (const name of ['app:1', 'web:1']) await privateRegistry.push(busybox, `${path}/${name}`);
  return project;
}

/** What `DOCKER_AUTH_CONFIG` is for a new project's images: a deploy token of it. */
async function lend(environment: ConformanceEnvironment, path: string): Promise<string> {
  const { gitlab, privateRegistry } = environment;
  const project = await fillProject(environment, path, 'private');
  const { username, token } = gitlab.createDeployToken({ projects: [project] });
  return JSON.stringify({ auths: { [privateRegistry.host]: { auth: base64([username, token]) } } });
}

function base64([username, password]: RegistryLogin): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}
