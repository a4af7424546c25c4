// The package as a whole: the client, and <tailrace-log> defined.

export * from './client/index.js';
export { TailraceLog } from './lines/log-element.js';
