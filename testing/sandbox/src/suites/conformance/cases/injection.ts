import type { Suite } from '../conformance-case.ts';
import { isRefused, keepsQuietAbout, says, succeedsWith } from '../expectations.ts';

/** A name that git takes and a careless shell would run. GitLab Runner before 15.5 itself runs what is between backticks. */
const BRANCH = 'x;>/builds/run;#';
const NOBODY_RAN_IT = [...succeedsWith('nobody ran it'), keepsQuietAbout('somebody ran it')];

/** What people write where a shell might read it. */
export const INJECTION: Suite = {
  repository: 'injection',
  project: { defaultBranch: BRANCH },
  commitMessage: "fix;>/builds/run\n\n'; touch /builds/run; `touch /builds/run`",
  cases: [
    {
      keyword: 'shell injection',
      name: "by a job's name",
      quick: true,
      jobs: {
        'job name\'; touch /builds/run; echo "$(touch /builds/run)" `touch /builds/run`': NOBODY_RAN_IT,
      },
    },
    {
      keyword: 'shell injection',
      name: "by a branch's name and a commit's message",
      quick: true,
      jobs: {
        branch: [...NOBODY_RAN_IT, says(`on ${BRANCH}`)],
        'commit-message': [...NOBODY_RAN_IT, says("'; touch /builds/run; `touch /builds/run`")],
      },
    },
    {
      keyword: 'shell injection',
      name: "by variables' values, with bash, busybox and a POSIX sh",
      quick: true,
      jobs: {
        values: [...NOBODY_RAN_IT, says("\\';touch /builds/run;\\")],
        'values-in-sh': [...NOBODY_RAN_IT, says("\\';touch /builds/run;\\")],
      },
    },
    {
      keyword: 'shell injection',
      name: "by an image's name: refused",
      quick: true,
      jobs: { 'image-name': isRefused(/is not a valid name|not a valid image/i) },
    },
    {
      keyword: 'shell injection',
      name: "by a service's alias",
      quick: true,
      jobs: { 'service-alias': [keepsQuietAbout('somebody ran it')] },
    },
    {
      keyword: 'shell injection',
      name: 'by names and paths of artifacts and caches',
      // Older ones run what is in a cache's key themselves.
      since: '15.5',
      jobs: { 'artifact-name': NOBODY_RAN_IT, 'cache-key': NOBODY_RAN_IT },
    },
  ],
};
