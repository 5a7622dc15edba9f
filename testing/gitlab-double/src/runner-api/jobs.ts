import { Hono } from 'hono';
import type { Instance } from '../instance.ts';
import { authorizeArtifacts, downloadArtifacts, uploadArtifacts } from './artifacts.ts';
import { requestJob } from './request-job.ts';
import { patchTrace } from './trace.ts';
import { updateJob } from './update-job.ts';

/** `/jobs`: the routes that runners use for jobs. */
export function jobRoutes(instance: Instance): Hono {
  const routes = new Hono();
  routes.post('/request', (context) => requestJob(context, instance));
  routes.put('/:id', (context) => updateJob(context, instance));
  routes.patch('/:id/trace', (context) => patchTrace(context, instance));
  routes.post('/:id/artifacts/authorize', (context) => authorizeArtifacts(context, instance));
  routes.post('/:id/artifacts', (context) => uploadArtifacts(context, instance));
  routes.get('/:id/artifacts', (context) => downloadArtifacts(context, instance));
  return routes;
}
