/** Images of the demo's jobs. They are built locally, so that the demo also runs on a machine that cannot pull images. */
export const DEMO_IMAGES = {
  python: 'serverless-gitlab-runner-demo/python:local',
  busybox: 'serverless-gitlab-runner-demo/busybox:local',
  posixSh: 'serverless-gitlab-runner-demo/posix-sh:local',
} as const;
