import { tagOf } from '../../registry/registry-path.ts';

/** The parts of an image's name by which one tells what it is. */
export interface ImageReference {
  /** All but tag and digest, by `/`: `registry.example.com`, `mirror`, `docker`. */
  path: readonly string[];
  /** The last of them. */
  name: string;
  /** Empty where there is none. */
  tag: string;
}

/** Takes the name of an image apart. */
export function parseImageReference(image: string): ImageReference {
  const tail = tagOf(image);
  const path = image.slice(0, image.length - tail.length).split('/');
  const [tag = ''] = tail.split('@', 1);
  return { path, name: path.at(-1) ?? '', tag: tag.slice(1) };
}

/** Whether an image is one of `repositories`, in whatever registry or mirror: `moby/buildkit`. */
export function isOneOf({ path }: ImageReference, repositories: readonly string[]): boolean {
  return repositories.some((repository) => {
    const parts = repository.split('/');
    return (
      parts.length <= path.length && parts.every((part, index) => part === path.at(index - parts.length))
    );
  });
}
