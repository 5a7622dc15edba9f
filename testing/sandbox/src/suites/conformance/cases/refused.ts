import type { Suite } from '../conformance-case.ts';
import { failsFor, isRefused, lastsAtMost, says } from '../expectations.ts';

const INSTEAD = 'Build images with kaniko: [building-images.md](building-images.md).';

export const REFUSED: Suite = {
  repository: 'refused',
  cases: [
    {
      keyword: 'docker:dind',
      name: 'as a service, as the image, or from another registry: refused within seconds',
      quick: true,
      notSupported: INSTEAD,
      jobs: {
        'docker-in-docker': dind('docker:27-dind'),
        'dind-image': dind('docker:dind'),
        'dind-behind-registry': dind('registry.example.com/proxy/library/docker:27.3.1-dind'),
      },
    },
    {
      keyword: 'Windows',
      name: 'an image for Windows: refused within seconds',
      notSupported: 'Fleets run Linux containers; use another runner for these jobs.',
      jobs: { windows: [...isRefused('is for Windows'), lastsAtMost(20)] },
    },
    {
      keyword: 'privileged',
      name: "a command that needs privileges fails with the system's message",
      notSupported:
        'Fargate gives no container privileges; most jobs can do without (to build images, see docker:dind).',
      jobs: { mount: [failsFor('script_failure'), says(/permission denied|not permitted/i)] },
    },
  ],
};

function dind(image: string) {
  return [
    ...isRefused(`"${image}" needs a privileged container, which Fargate does not support`),
    says('docs/building-images.md'),
    lastsAtMost(20),
  ];
}
