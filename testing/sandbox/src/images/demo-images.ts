/** Images of the demo's jobs, made locally so that they are there on a machine that can pull nothing. */
export const DEMO_IMAGES = {
  python: 'serverless-gitlab-runner-demo/python:local',
  busybox: 'serverless-gitlab-runner-demo/busybox:local',
  posixSh: 'serverless-gitlab-runner-demo/posix-sh:local',
} as const;
