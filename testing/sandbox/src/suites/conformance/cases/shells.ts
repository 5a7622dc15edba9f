import type { Suite } from '../conformance-case.ts';
import { showsLine, succeeds, succeedsWith } from '../expectations.ts';

export const SHELLS: Suite = {
  repository: 'shells',
  cases: [
    {
      keyword: 'shell',
      name: 'bash, if the image has it: arrays and patterns',
      jobs: { bash: succeedsWith('3 words, B', 'patterns') },
    },
    {
      keyword: 'shell',
      name: 'an image with only a POSIX sh',
      jobs: { 'posix-sh': succeedsWith('image says posix-sh', 'no bash', 'it\'s "quoted" $HERE') },
    },
    {
      keyword: 'shell',
      name: 'busybox, with after_script and artifacts',
      jobs: {
        busybox: [
          ...succeedsWith('1', 'after in busybox'),
          ({ files }) => (files.has('.gitlab-ci.yml') ? [] : ['the artifact is missing']),
        ],
      },
    },
    {
      keyword: 'shell',
      name: 'busybox with musl and without glibc, as in Alpine',
      jobs: {
        musl: [
          ...succeedsWith('localhost is 127.0.0.1', 'after in musl'),
          ({ files }) => (files.has('.gitlab-ci.yml') ? [] : ['the artifact is missing']),
        ],
      },
    },
    {
      keyword: 'shell',
      name: 'an image without a shell',
      quick: true,
      jobs: { 'no-shell': succeedsWith('hello from a static program', 'in 1 project folder') },
    },
    {
      keyword: 'shell',
      name: 'an image without a shell and /tmp: variables, redirections, here documents',
      jobs: { 'no-tmp': [succeeds(), showsLine('read here')] },
    },
  ],
};
