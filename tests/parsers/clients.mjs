// node clients.mjs CLIENT URL: what that client makes of the stream, one JSON array
// [event, data, id] a line, until its `end` event. No reconnecting.
import { createSseStream } from '@azure/core-sse';
import { parse as parseStream } from 'event-stream-parser';
import { EventSource as PackageEventSource } from 'eventsource';
import { createParser } from 'eventsource-parser';
import { EventSource as LaunchDarklyEventSource } from 'launchdarkly-eventsource';
import { createRequire } from 'node:module';
import { EventSource as UndiciEventSource } from 'undici';

const require = createRequire(import.meta.url);
const microsoft = require('@microsoft/fetch-event-source/lib/cjs/parse.js');

const tell = (event, data, id) => {
  process.stdout.write(JSON.stringify([event || 'message', data, id ?? '']) + '\n');
};

// Anything with the interface of a browser's EventSource.
const listen = (Source) => (url) =>
  new Promise((resolve, reject) => {
    const source = new Source(url);
    for (const kind of ['message', 'gap', 'reset', 'deleted']) {
      source.addEventListener(kind, (event) => tell(kind, event.data, event.lastEventId));
    }
    source.addEventListener('end', (event) => {
      tell('end', event.data, event.lastEventId);
      source.close();
      resolve();
    });
    source.addEventListener('error', (event) => {
      source.close();
      reject(new Error(`error event: ${event.message}`));
    });
  });

const open = async (url) => {
  const response = await fetch(url, { headers: { accept: 'text/event-stream' } });
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  return response;
};

const clients = {
  'undici': listen(UndiciEventSource),
  'eventsource': listen(PackageEventSource),
  'launchdarkly-eventsource': listen(LaunchDarklyEventSource),
  'eventsource-parser': async (url) => {
    const parser = createParser({ onEvent: ({ event, data, id }) => tell(event, data, id) });
    const text = (await open(url)).body.pipeThrough(new TextDecoderStream());
    for await (const piece of text) parser.feed(piece);
  },
  '@microsoft/fetch-event-source': async (url) => {
    const onMessage = ({ event, data, id }) => {
      if (data !== '' || id !== '') tell(event, data, id); // it also tells blocks without data
    };
    const lines = microsoft.getLines(microsoft.getMessages(() => {}, () => {}, onMessage));
    await microsoft.getBytes((await open(url)).body, lines);
  },
  '@azure/core-sse': async (url) => {
    for await (const { event, data, id } of createSseStream((await open(url)).body)) {
      tell(event, data, id);
    }
  },
  'event-stream-parser': async (url) => {
    for await (const { type, data, lastEventId } of await parseStream((await open(url)).body)) {
      tell(type, data, lastEventId);
    }
  },
};

const [name, url] = process.argv.slice(2);
await clients[name](url);
