import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withPublishedImages } from '../src/constructs/published-images.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const [runner, jobBase] = ['runner', 'job-base'].map(
  (name) => `registry.test/${name}@sha256:${'0a'.repeat(32)}`,
);

function released(images: object): string {
  const file = join(temporaryDirectory(), 'images.json');
  writeFileSync(file, JSON.stringify(images));
  return file;
}

describe('the images of a released package', () => {
  it('are used unless others are named', () => {
    const file = released({ runner, jobBase });
    expect(withPublishedImages({}, file)).toEqual({ runnerImage: runner, jobBaseImage: jobBase });
    const named = { runnerImage: 'registry.test/own:1', logLevel: 'DEBUG' };
    expect(withPublishedImages(named, file)).toEqual({ ...named, jobBaseImage: jobBase });
  });

  it('are built if there are none', () => {
    expect(withPublishedImages({})).toEqual({});
  });

  it('are refused by tag, which could be moved', () => {
    expect(() => withPublishedImages({}, released({ runner: 'registry.test/runner:1', jobBase }))).toThrow();
  });
});
