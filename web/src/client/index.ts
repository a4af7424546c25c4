// What the package gives to programs: the client and the types of its answers.

export { ApiError, isLogName } from './api.js';
export type {
  Entry,
  EntryPage,
  Gap,
  LogInfo,
  LogName,
  LogPage,
  LogQuery,
  Outcome,
  OutcomeKind,
  PageQuery,
  Problem,
} from './api.js';
export { LogHandle, TailraceClient } from './client.js';
export type { Snapshot } from './client.js';
export type { ClientOptions } from './http.js';
export type { ListListener, ListSession } from './list-session.js';
export type {
  Place,
  SearchBegin,
  SearchEnd,
  SearchMatch,
  SearchOptions,
  SearchPart,
  SearchProgress,
  SearchQuery,
  SearchResult,
} from './search.js';
export { entriesOf } from './session.js';
export type { Batch, Session, SessionListener, SessionOptions, SessionState } from './session.js';
export type { StreamEvent, StreamOptions } from './stream.js';
