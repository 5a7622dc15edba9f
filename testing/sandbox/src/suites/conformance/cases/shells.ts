import type { Suite } from '../conformance-case.ts';
import { showsLine, succeeds, succeedsWith } from '../expectations.ts';

export const SHELLS: Suite = {
  repository: 'shells',
  cases: [
    {
      keyword: 'shell',
      name: 'bash where the image has it: lists, patterns',
      jobs: { bash: succeedsWith('3 words, B', 'patterns') },
    },
    {
      keyword: 'shell',
      name: 'a POSIX sh and nothing else in the image',
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
      name: "busybox with musl for a libc and nothing of glibc, as Alpine's images",
      jobs: {
        musl: [
          ...succeedsWith('localhost is 127.0.0.1', 'after in musl'),
          ({ files }) => (files.has('.gitlab-ci.yml') ? [] : ['the artifact is missing']),
        ],
      },
    },
    {
      keyword: 'shell',
      name: 'no shell at all in the image',
      quick: true,
      jobs: { 'no-shell': succeedsWith('hello from a static program', 'in 1 project folder') },
    },
    {
      keyword: 'shell',
      name: 'no shell and no /tmp: variables, redirections, here documents',
      jobs: { 'no-tmp': [succeeds(), showsLine('read here')] },
    },
  ],
};
