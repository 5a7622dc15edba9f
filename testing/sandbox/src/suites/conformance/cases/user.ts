import type { Suite } from '../conformance-case.ts';
import { failsFor, hasArtifacts, says, succeedsWith } from '../expectations.ts';

export const USER: Suite = {
  repository: 'user',
  cases: [
    {
      keyword: 'docker:user',
      name: 'a number, a name, or a number with a group: the script runs as that user and can write to the project',
      since: '16.8',
      jobs: {
        number: succeedsWith('uid 1500 gid 1500'),
        name: [...succeedsWith('uid 1500 gid 1500'), hasArtifacts({ 'made-by-the-job.txt': 'new\n' })],
        'with-group': succeedsWith('uid 4000 gid 5000'),
      },
    },
    {
      keyword: 'docker:user',
      name: 'a user that does not exist in the image: fails with an explanation',
      since: '16.8',
      jobs: { 'unknown-user': [failsFor('script_failure'), says(/nobody-of-that-name/)] },
    },
    {
      keyword: 'non-root',
      name: 'an image whose user has no name and a read-only home: the user owns the project, also in after_script',
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
      name: 'git and chmod work in the script of a non-root user',
      jobs: {
        'git-as-user': succeedsWith('the user repository', ' mode change 100644 => 100755 README.md'),
      },
    },
  ],
};
