import { tagOf } from '@serverless-gitlab-runner/fleet';

/** An image name, split into the parts that identify the image. */
export interface ImageReference {
  /** Everything but tag and digest, split at `/`: `registry.example.com`, `mirror`, `docker`. */
  path: readonly string[];
  /** The last element of `path`. */
  name: string;
  /** Empty if the name has no tag. */
  tag: string;
}

/** Splits the name of an image. */
export function parseImageReference(image: string): ImageReference {
  const tail = tagOf(image);
  const path = image.slice(0, image.length - tail.length).split('/');
  const [tag = ''] = tail.split('@', 1);
  return { path, name: path.at(-1) ?? '', tag: tag.slice(1) };
}

/** Whether an image is one of `repositories` (`moby/buildkit`), in any registry or mirror. */
export function isOneOf({ path }: ImageReference, repositories: readonly string[]): boolean {
  return repositories.some((repository) => {
    const parts = repository.split('/');
    return (
      parts.length <= path.length && parts.every((part, index) => part === path.at(index - parts.length))
    );
  });
}
