// import '@tailrace/viewer/react' defines <tailrace-log> and makes it known to JSX (React 19).
import type { DetailedHTMLProps, HTMLAttributes } from 'react';
import type { TailraceLogElement, TailraceLogEventMap } from './types/lines/element-api.js';

export * from './element.js';

type Properties = Partial<
  Pick<TailraceLogElement, 'src' | 'wrap' | 'times' | 'utc' | 'json' | 'credentials' | 'follow'>
>;
type Handlers = {
  [Name in keyof TailraceLogEventMap as `on${Name}`]?: (event: TailraceLogEventMap[Name]) => void;
};

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'tailrace-log': DetailedHTMLProps<HTMLAttributes<TailraceLogElement>, TailraceLogElement> &
        Properties &
        Handlers;
    }
  }
}
