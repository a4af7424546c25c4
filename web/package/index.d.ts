export * from './types/client/index.js';
export * from './element.js';
