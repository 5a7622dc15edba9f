import { normalizedPath, registryPath, tagOf } from '@serverless-gitlab-runner/fleet';
import { closest } from '../../registry/closest.ts';
import type { PlanDiagnostics } from '../plan-diagnostics.ts';

/**
 * The name under which a fleet pulls an image: through a mirror if the fleet has one for the image's registry or for a path of
 * it. The longest matching path is replaced by the mirror's. The result is not matched against the mirrors again.
 * @param mirrors the fleet's `job.registryMirrors`: `{ "docker.io": "cache.example.com/hub" }` makes `node:24`
 *   `cache.example.com/hub/library/node:24`
 * @returns the unchanged image if no mirror matches
 */
export function mirroredImage(image: string, mirrors: Readonly<Record<string, string>>): string {
  const path = registryPath(image);
  const places = Object.entries(mirrors).map(([where, mirror]) => ({ where: normalizedPath(where), mirror }));
  const found = closest(path, places);
  return found ? `${found.mirror}${path.slice(found.where.length)}${tagOf(image)}` : image;
}

/** As `mirroredImage`, and notes in the job log which image is actually pulled. */
export function planMirror(
  image: string,
  mirrors: Readonly<Record<string, string>>,
  diagnostics: PlanDiagnostics,
): string {
  const mirrored = mirroredImage(image, mirrors);
  if (mirrored === image) return image;
  const note = `Image ${image} is pulled as ${mirrored} (this fleet's job.registryMirrors); the job's login for ${registryPath(image).split('/')[0]} is not used.`;
  if (!diagnostics.notes.includes(note)) diagnostics.notes.push(note);
  return mirrored;
}
