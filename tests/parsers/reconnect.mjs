// node reconnect.mjs URL: the package's EventSource, over Node's own fetch, which comes back by
// itself whenever it is cut; one JSON array [data, id] a line, until its `end` event.
import { EventSource } from 'eventsource';

const source = new EventSource(process.argv[2]);
source.addEventListener('message', ({ data, lastEventId }) => {
  process.stdout.write(JSON.stringify([data, lastEventId]) + '\n');
});
source.addEventListener('end', () => source.close());
source.addEventListener('error', (event) => {
  if (source.readyState !== source.CLOSED) return; // it tries again
  throw new Error(`gave up: ${event.message}`);
});
