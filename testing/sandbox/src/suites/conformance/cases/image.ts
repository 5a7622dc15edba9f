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
      name: 'full name; a name in a mapping with pull_policy',
      quick: true,
      jobs: {
        'full-name': succeedsWith('python', 'python here'),
        mapping: succeedsWith('python'),
      },
    },
    {
      keyword: 'image',
      name: 'variables of file and job in the name',
      jobs: { 'variable-in-name': succeedsWith('python') },
    },
    {
      keyword: 'image',
      name: "without image the fleet's default",
      jobs: { 'no-image': succeedsWith('default is debian') },
    },
    {
      keyword: 'image',
      name: "the image's own environment and PATH",
      jobs: {
        'image-environment': succeedsWith('FROM_IMAGE is set by the image', 'PATH begins with /opt/tool/bin'),
      },
    },
    {
      keyword: 'image',
      name: "a registry's port in the name: the image is pulled",
      jobs: { 'port-in-name': succeedsWith('pulled by tag') },
    },
    {
      keyword: 'image',
      name: 'a digest: the image is pulled',
      jobs: { digest: succeedsWith('pulled by digest') },
    },
    {
      keyword: 'image',
      name: 'an unset variable in the name is nothing: refused at once where no name is left',
      jobs: {
        'unset-variable-in-name': isRefused(
          '"registry.example.com//app" is not a valid image name: use registry/path/name:tag in lower case. Unset variables expand to an empty string',
        ),
      },
    },
    {
      keyword: 'image',
      name: "an unset variable that leaves a name: that image; nothing at all: the fleet's, and the log says so",
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
      name: 'an impossible name: refused at once',
      jobs: { 'impossible-name': isRefused('"Not An Image" is not a valid image name') },
    },
    {
      keyword: 'image',
      name: "an image or tag that is not there: script_failure in the registry's words within seconds",
      jobs: {
        missing: notThere(/not-there.*(not found|manifest unknown|does not exist)/),
        'missing-tag': notThere(/app:9\.9.*(not found|manifest unknown|does not exist)/),
      },
    },
    {
      keyword: 'image',
      name: "a registry that does not answer: runner_system_failure in Docker's words",
      jobs: {
        'no-registry': [failsFor('runner_system_failure'), says(/could not be pulled.*connection refused/)],
      },
    },
    {
      keyword: 'image',
      name: 'an image for another architecture only: script_failure in words within seconds',
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
      name: "a registry that limits pulls: runner_system_failure in the registry's words, with what to do",
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
      name: 'platform of the image',
      jobs: { platform: succeedsWith('x86_64') },
    },
    {
      keyword: 'image',
      name: 'a platform that Fargate has not: refused at once with those that it has',
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
      name: 'an entry point of the job that is a shell',
      jobs: { 'entry-point-own': [showsLine("entry point of the job's own"), ...succeedsWith()] },
    },
    {
      keyword: 'entrypoint',
      name: 'an entry point of the job that sets up and runs what it is given: script and after_script are in it',
      jobs: {
        'entry-point-sets-up': succeedsWith(
          'set up by the entry point',
          'after it set up by the entry point',
        ),
      },
    },
    {
      keyword: 'entrypoint',
      name: "the image's own, read from its registry: with FF_KUBERNETES_HONOR_ENTRYPOINT, and left out without",
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
      name: "the image's own, of a registry that nobody lists, and of no image: refused at once",
      jobs: {
        'entry-point-of-unlisted-registry': isRefused('this fleet does not read image configurations from'),
        'entry-point-of-no-image': isRefused('The image does not exist: check its name and tag'),
      },
    },
    {
      keyword: 'entrypoint',
      name: 'an entry point of the job that is a program: fails in words',
      jobs: {
        'entry-point-ends': [
          failsFor('script_failure'),
          says(/exit code 64/),
          says(/which must exist in the image/),
        ],
      },
    },
  ],
};

function notThere(words: RegExp) {
  return [failsFor('script_failure'), says(words), says('The image does not exist'), lastsAtMost(60)];
}
