import type { JobDefinition, PipelineDefinition } from '@serverless-gitlab-runner/gitlab-double';
import { DEMO_IMAGES } from '../../images/demo-images.ts';
import {
  type Expectation,
  endsWith,
  failsWithExitCode,
  hasSize,
  showsBytes,
  showsLine,
} from './expectations.ts';

/** A pipeline of the demo, with the expectations of each of its jobs. */
export interface DemoPipeline {
  title: string;
  files: Record<string, string>;
  pipeline: PipelineDefinition;
  expectations: Record<string, Expectation[]>;
}

const README = { 'README.md': '# Demo project\n' };

/** Prints the line in each demo image, with builtins of a POSIX shell only. */
const SAY_IMAGE = 'while read -r line; do echo "image says: $line"; done < /etc/demo-image';
/** Fails if the image has a tool that a job's image must not need. */
const HAS_NO_TOOLS =
  'for tool in git ssh gitlab-runner; do if command -v "$tool"; then echo "found $tool"; exit 9; fi; done';

function inImage(name: string, image: string, proof: string): JobDefinition {
  return { name, stage: 'test', image, script: [HAS_NO_TOOLS, SAY_IMAGE, proof] };
}

const defaultImage: DemoPipeline = {
  title: 'the default image and the pushed commit',
  files: { ...README, 'hello.txt': 'hello from the repository\n' },
  pipeline: {
    stages: ['test'],
    jobs: [{ name: 'clone', stage: 'test', script: ['cat hello.txt', 'echo "commit $CI_COMMIT_SHA"'] }],
  },
  expectations: {
    clone: [
      endsWith('success'),
      showsLine('hello from the repository'),
      (facts) => showsLine(`commit ${facts.job.pipeline.commit.sha}`)(facts),
    ],
  },
};

const threeImages: DemoPipeline = {
  title: 'three concurrent jobs in three images',
  files: README,
  pipeline: {
    stages: ['test'],
    jobs: [
      inImage(
        'python',
        DEMO_IMAGES.python,
        'python3 -c \'import sys; print("python", sys.version_info.major)\'',
      ),
      inImage('busybox', DEMO_IMAGES.busybox, 'busybox | grep -o "^BusyBox v[0-9]*"'),
      inImage(
        'posix-sh',
        DEMO_IMAGES.posixSh,
        'if ! [ -e /bin/bash ] && [ -e /bin/sh ]; then echo "has sh, no bash"; fi',
      ),
    ],
  },
  expectations: {
    python: [endsWith('success'), showsLine('image says: python'), showsLine('python 3')],
    busybox: [endsWith('success'), showsLine('image says: busybox'), showsLine('BusyBox v1')],
    'posix-sh': [endsWith('success'), showsLine('image says: posix-sh'), showsLine('has sh, no bash')],
  },
};

const artifacts: DemoPipeline = {
  title: 'an artifact of one stage, read in the next',
  files: README,
  pipeline: {
    stages: ['build', 'test'],
    jobs: [
      {
        name: 'make',
        stage: 'build',
        script: ['mkdir -p out', 'printf "made by job %s\\n" "$CI_JOB_NAME" > out/artifact.txt'],
        artifacts: { paths: ['out/'] },
      },
      { name: 'read', stage: 'test', image: DEMO_IMAGES.busybox, script: ['cat out/artifact.txt'] },
    ],
  },
  expectations: {
    make: [endsWith('success')],
    read: [endsWith('success'), showsLine('made by job make')],
  },
};

const failure: DemoPipeline = {
  title: 'a script that exits with 3, next to another job',
  files: README,
  pipeline: {
    stages: ['test'],
    jobs: [
      { name: 'exits-3', stage: 'test', script: ['echo "before the exit"', 'exit 3', 'echo "not reached"'] },
      { name: 'neighbour', stage: 'test', script: ['echo "not affected"'] },
    ],
  },
  expectations: {
    'exits-3': [failsWithExitCode(3), showsLine('before the exit')],
    neighbour: [endsWith('success'), showsLine('not affected')],
  },
};

const SECRET = 'correct-horse-battery-staple';
const SCRIPT = `echo "-- begin"
echo 'single "double" quotes, a $dollar, a \\ backslash and a \`tick\`'
echo "naïve café, Ελληνικά, 日本語, 🚀"
printf 'tab\\there, no newline at the end of: %s' "$DEMO_SECRET"
echo
echo "-- end"`;
const OUTPUT = `-- begin
single "double" quotes, a $dollar, a \\ backslash and a \`tick\`
naïve café, Ελληνικά, 日本語, 🚀
tab\there, no newline at the end of: [MASKED]
-- end
`;

const exactLog: DemoPipeline = {
  title: 'a masked variable, quotes, UTF-8, an after_script and a custom size',
  files: README,
  pipeline: {
    stages: ['test'],
    jobs: [
      {
        name: 'exact-log',
        stage: 'test',
        // Newer runners prefix each line with a time by default; this job's log is compared byte by byte.
        variables: {
          FARGATE_CPU: '512',
          FARGATE_MEMORY: '2048',
          FF_TIMESTAMPS: 'false',
          DEMO_SECRET: { value: SECRET, masked: true },
        },
        script: [SCRIPT],
        afterScript: ['echo "after the script, status $CI_JOB_STATUS"'],
      },
    ],
  },
  expectations: {
    'exact-log': [
      endsWith('success'),
      showsBytes('-- begin\n', OUTPUT),
      showsLine('after the script, status success'),
      ({ log }) => (log.includes(SECRET) ? ['the masked variable is readable in the log'] : []),
      hasSize(512, 2048),
    ],
  },
};

export const DEMO_PIPELINES: readonly DemoPipeline[] = [
  defaultImage,
  threeImages,
  artifacts,
  failure,
  exactLog,
];
