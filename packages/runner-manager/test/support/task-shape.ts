import type { JobTaskShape } from '../../src/task/task-shape.ts';

/** The task of a job that asks for an image and nothing else. */
export const shape: JobTaskShape = {
  image: 'alpine:3',
  user: undefined,
  entryPoint: undefined,
  services: [],
  size: { cpu: 1024, memory: 2048 },
  architecture: 'X86_64',
  ephemeralStorageGib: 20,
  taskRoleArn: undefined,
};
