import type { TailraceLogElement } from './types/lines/element-api.js';

export type * from './types/lines/element-api.js';

/** The class of <tailrace-log>. Importing this defines the element; on a server it does nothing. */
export declare const TailraceLog: { new (): TailraceLogElement; prototype: TailraceLogElement };
