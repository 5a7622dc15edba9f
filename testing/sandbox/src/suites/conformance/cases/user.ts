import type { Suite } from '../conformance-case.ts';
import { failsFor, hasArtifacts, says, succeedsWith } from '../expectations.ts';

export const USER: Suite = {
  repository: 'user',
  cases: [
    {
      keyword: 'docker:user',
      name: 'a number, a name, a number with a group: the script runs as that user and writes in the project',
      since: '16.8',
      jobs: {
        number: succeedsWith('uid 1500 gid 1500'),
        name: [...succeedsWith('uid 1500 gid 1500'), hasArtifacts({ 'made-by-the-job.txt': 'new\n' })],
        'with-group': succeedsWith('uid 4000 gid 5000'),
      },
    },
    {
      keyword: 'docker:user',
      name: 'a user that the image has not: fails in words',
      since: '16.8',
      jobs: { 'unknown-user': [failsFor('script_failure'), says(/nobody-of-that-name/)] },
    },
    {
      keyword: 'non-root',
      name: 'an image whose user has no name and a read-only home: project and after_script are its own',
      quick: true,
      jobs: {
        'of-the-image': succeedsWith(
          'uid 1234 gid 1234',
          'home is /home/app',
          'home is read-only',
          'after as 1234',
        ),
      },
    },
    {
      keyword: 'non-root',
      name: 'git and chmod in the script of a user that is not root',
      jobs: {
        'git-as-user': succeedsWith('the user repository', ' mode change 100644 => 100755 README.md'),
      },
    },
  ],
};
