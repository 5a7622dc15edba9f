import type { ImageSource } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it, vi } from 'vitest';
import { createReadImageDigests, movedImage } from '../src/ahead/image-digests.ts';
import type { RegistryCaller } from '../src/registry/registry-request.ts';
import { fleetOf } from './support/fleet.ts';
import { shape } from './support/task-shape.ts';

const ECR = '111122223333.dkr.ecr.eu-west-1.amazonaws.com';
const FIXED = `quay.io/app@sha256:${'0'.repeat(64)}`;
const services = [
  { container: 'svc-0', image: `${ECR}/db:1` },
  { container: 'svc-1', image: FIXED },
];
const login = { username: 'AWS', password: 'p' };

function reader(answer: () => string | undefined = () => 'sha256:1', tagsAreFixed = false) {
  const read = vi.fn(async (_: ImageSource, __: RegistryCaller) => answer());
  const ecrLogin = async (registry: string) => (registry === ECR ? login : undefined);
  const fleet = fleetOf({ ahead: { tagsAreFixed } });
  return { read, digests: createReadImageDigests({ fleet, ecrLogin, read }) };
}

describe('the digests of a task’s images', () => {
  it('are read for each image by tag, with the manager’s login to ECR, and never from a cache', async () => {
    const { read, digests } = reader();
    for (let times = 0; times < 2; times += 1)
      expect(await digests({ ...shape, services })).toEqual(
        new Map([
          ['alpine:3', 'sha256:1'],
          [`${ECR}/db:1`, 'sha256:1'],
        ]),
      );
    expect(read).toHaveBeenCalledTimes(4);
    expect(read.mock.calls.slice(0, 2).map(([source, caller]) => [source.registry, caller.login])).toEqual([
      ['docker.io', undefined],
      [ECR, login],
    ]);
  });

  it('are unknown if a registry returns none', async () => {
    await expect(reader(() => undefined).digests(shape)).rejects.toThrow('docker.io returned no digest');
  });

  it('are not read if the fleet’s tags are fixed', async () => {
    const { read, digests } = reader(undefined, true);
    expect(await digests(shape)).toEqual(new Map());
    expect(read).not.toHaveBeenCalled();
  });
});

describe('an image has moved', () => {
  it.each([
    ['if its tag has another digest', [['a', '1']], [['a', '2']], 'a'],
    [
      'if its digest is unknown now',
      [
        ['a', '1'],
        ['b', '1'],
      ],
      [['a', '1']],
      'b',
    ],
    [
      'not if all are the same',
      [
        ['a', '1'],
        ['b', '2'],
      ],
      [
        ['b', '2'],
        ['a', '1'],
      ],
      undefined,
    ],
    ['not if there is none by tag', [], [], undefined],
  ] as const)('%s', (_title, before, after, moved) => {
    expect(movedImage(new Map(before), new Map(after))).toBe(moved);
  });
});
