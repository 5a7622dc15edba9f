/** The same in CommonJS: `require` finds compiled code and types of its own. */
import events = require('@serverless-gitlab-runner/shared-events');
import schema = require('@serverless-gitlab-runner/shared-events/schemas/JobFinished.json');

const names: readonly events.EventName[] = events.eventNames;
let refusal = '';
try {
  events.parseEvent({ id: '1', source: 'aws.ecs', 'detail-type': 'x', time: '', detail: {} });
} catch (error) {
  if (error instanceof events.UnreadableEventError) refusal = error.name;
}
console.log(JSON.stringify({ events: names.length, refusal, title: schema.title }));
