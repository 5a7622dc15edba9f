import { readFileSync } from 'node:fs';

/** The image that a build argument of a Dockerfile names by default: the one place where its version and digest stand. */
export function defaultImageOf(dockerfile: string, argument: string): string {
  const [, image] = new RegExp(`^ARG ${argument}=(\\S+)$`, 'm').exec(readFileSync(dockerfile, 'utf8')) ?? [];
  if (image === undefined) throw new Error(`${dockerfile} has no default of ${argument}`);
  return image;
}
