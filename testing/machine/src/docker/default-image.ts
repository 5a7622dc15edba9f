import { readFileSync } from 'node:fs';

/** Reads the default of a Dockerfile's build argument that names an image. Its version and digest are defined only there. */
export function defaultImageOf(dockerfile: string, argument: string): string {
  const [, image] = new RegExp(`^ARG ${argument}=(\\S+)$`, 'm').exec(readFileSync(dockerfile, 'utf8')) ?? [];
  if (image === undefined) throw new Error(`${dockerfile} has no default for ${argument}`);
  return image;
}
