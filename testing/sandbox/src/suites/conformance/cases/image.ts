import type { Suite } from '../conformance-case.ts';
import { failsFor, isRefused, lastsAtMost, says, showsLine, succeedsWith } from '../expectations.ts';
import { conformanceImage } from '../images.ts';
import { startLimitingRegistry } from '../limiting-registry.ts';

export const IMAGE: Suite = {
  repository: 'image',
  prepare: async () => ({ LIMITED_REGISTRY: await startLimitingRegistry() }),
  registryImages: { '/sets-up:1': conformanceImage('sets-up') },
  cases: [
    {
      keyword: 'image',
      name: 'a full name; a mapping with name and pull_policy',
      quick: true,
      jobs: {
        'full-name': succeedsWith('python', 'python here'),
        mapping: succeedsWith('python'),
      },
    },
    {
      keyword: 'image',
      name: 'variables of the file and the job in the name',
      jobs: { 'variable-in-name': succeedsWith('python') },
    },
    {
      keyword: 'image',
      name: "no image: the fleet's default",
      jobs: { 'no-image': succeedsWith('default is debian') },
    },
    {
      keyword: 'image',
      name: "the image's environment and PATH are kept",
      jobs: {
        'image-environment': succeedsWith('FROM_IMAGE is set by the image', 'PATH begins with /opt/tool/bin'),
      },
    },
    {
      keyword: 'image',
      name: "a name with the registry's port: the image is pulled",
      jobs: { 'port-in-name': succeedsWith('pulled by tag') },
    },
    {
      keyword: 'image',
      name: 'a name with a digest: the image is pulled',
      jobs: { digest: succeedsWith('pulled by digest') },
    },
    {
      keyword: 'image',
      name: 'an unset variable that makes the name invalid: refused at once',
      jobs: {
        'unset-variable-in-name': isRefused(
          '"registry.example.com//app" is not a valid image name: use registry/path/name:tag in lower case. Unset variables expand to an empty string',
        ),
      },
    },
    {
      keyword: 'image',
      name: "an unset variable that leaves a valid name: that image; one that leaves no name: the fleet's default, and the log says so",
      jobs: {
        'unset-variable-that-may-be': succeedsWith('python'),
        'nothing-left-of-name': [
          ...succeedsWith('default is debian'),
          says("(the fleet's default: the job sets no image, or one whose variables are all unset)"),
        ],
      },
    },
    {
      keyword: 'image',
      name: 'an invalid name: refused at once',
      jobs: { 'impossible-name': isRefused('"Not An Image" is not a valid image name') },
    },
    {
      keyword: 'image',
      name: "an image or tag that does not exist: script_failure with the registry's message, within seconds",
      jobs: {
        missing: doesNotExist(/not-there.*(not found|manifest unknown|does not exist)/),
        'missing-tag': doesNotExist(/app:9\.9.*(not found|manifest unknown|does not exist)/),
      },
    },
    {
      keyword: 'image',
      name: "a registry that does not answer: runner_system_failure with Docker's message",
      jobs: {
        'no-registry': [failsFor('runner_system_failure'), says(/could not be pulled.*connection refused/)],
      },
    },
    {
      keyword: 'image',
      name: 'an image for another architecture only: script_failure with an explanation, within seconds',
      quick: true,
      jobs: {
        'other-architecture': [
          failsFor('script_failure'),
          says(/other-architecture:local is not available for (X86_64|ARM64); choose one that is, or set/),
          lastsAtMost(60),
        ],
      },
    },
    {
      keyword: 'image',
      name: "a registry that limits pulls: runner_system_failure with the registry's message and advice",
      jobs: {
        'rate-limited': [
          failsFor('runner_system_failure'),
          says(/could not be pulled.*toomanyrequests: You have reached your pull rate limit/),
          says('Use a mirror or a pull-through cache in Amazon ECR'),
        ],
      },
    },
    {
      keyword: 'image',
      name: 'a platform that Fargate supports: the image is pulled for it',
      jobs: { platform: succeedsWith('x86_64') },
    },
    {
      keyword: 'image',
      name: 'a platform that Fargate does not support: refused at once with the supported ones',
      since: '16.7',
      jobs: { 'platform-unknown': isRefused('"linux/riscv64", but this fleet allows X86_64, ARM64') },
      notSupported: 'Linux on X86_64 and ARM64 only: `image: docker: platform` or FARGATE_ARCHITECTURE.',
    },
    {
      keyword: 'entrypoint',
      name: 'an image whose entry point is a program, with and without entrypoint: [""]',
      jobs: {
        'entry-point-of-image': succeedsWith('the tool was asked: a', 'the tool said 64'),
        'entry-point-empty': succeedsWith('the tool was asked: b', 'the tool said 64'),
      },
    },
    {
      keyword: 'entrypoint',
      name: "a shell as the job's entry point",
      jobs: { 'entry-point-own': [showsLine("entry point of the job's own"), ...succeedsWith()] },
    },
    {
      keyword: 'entrypoint',
      name: 'an entry point of the job that sets up the environment and runs its arguments: script and after_script run in it',
      jobs: {
        'entry-point-sets-up': succeedsWith(
          'set up by the entry point',
          'after it set up by the entry point',
        ),
      },
    },
    {
      keyword: 'entrypoint',
      name: "the image's own entry point, read from its registry, is used only with FF_KUBERNETES_HONOR_ENTRYPOINT",
      quick: true,
      jobs: {
        'entry-point-of-image-honored': [
          ...succeedsWith('set up by the image', 'after it set up by the image'),
          says('Image entry point: ["/bin/set-up"]'),
        ],
        'entry-point-of-image-left-out': succeedsWith('set up by nobody'),
      },
    },
    {
      keyword: 'entrypoint',
      name: "the image's own entry point, in an unlisted registry or of a missing image: refused at once",
      jobs: {
        'entry-point-of-unlisted-registry': isRefused('this fleet does not read image configurations from'),
        'entry-point-of-no-image': isRefused('The image does not exist: check its name and tag'),
      },
    },
    {
      keyword: 'entrypoint',
      name: "a program other than a shell as the job's entry point: fails with an explanation",
      jobs: {
        'entry-point-ends': [
          failsFor('script_failure'),
          says(/build container exited with code 64/),
          says(/which must exist in the image/),
        ],
      },
    },
  ],
};

function doesNotExist(message: RegExp) {
  return [failsFor('script_failure'), says(message), says('The image does not exist'), lastsAtMost(60)];
}
