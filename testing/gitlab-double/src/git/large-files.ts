import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { Instance } from '../instance.ts';
import type { Project } from '../model/project.ts';

const LFS_JSON = 'application/vnd.git-lfs+json';

const batchSchema = z.object({
  operation: z.string(),
  objects: z.array(z.object({ oid: z.string(), size: z.number() })),
});

/**
 * Serves Git LFS downloads: the batch API with the `basic` transfer, and the objects. The caller has been authorized.
 * @see https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
 */
export async function serveLargeFiles(
  instance: Instance,
  project: Project,
  service: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const object = project.largeFiles.get(service.replace('info/lfs/objects/', ''));
  if (request.method === 'GET' && object) {
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': object.length });
    response.end(object);
    return;
  }
  const answer = (status: number, body: object) =>
    response.writeHead(status, { 'Content-Type': LFS_JSON }).end(JSON.stringify(body));
  if (service !== 'info/lfs/objects/batch') return void answer(404, { message: 'Not found.' });
  const batch = batchSchema.safeParse(JSON.parse(await text(request)));
  if (!batch.success) return void answer(422, { message: z.prettifyError(batch.error) });
  if (batch.data.operation !== 'download') return void answer(403, { message: 'Access forbidden.' });
  const base = `${instance.settings.externalUrl}/${project.path}.git/info/lfs/objects`;
  const header = { Authorization: request.headers.authorization ?? '' };
  const objects = batch.data.objects.map(({ oid, size }) =>
    project.largeFiles.has(oid)
      ? { oid, size, authenticated: true, actions: { download: { href: `${base}/${oid}`, header } } }
      : { oid, size, error: { code: 404, message: 'Object does not exist' } },
  );
  answer(200, { transfer: 'basic', objects });
}
