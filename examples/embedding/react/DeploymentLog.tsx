import { useRef, useState } from 'react';
import type { TailraceLogElement } from '@tailrace/viewer/react';
import '@tailrace/viewer/react';

export function DeploymentLog({ src }: { src: string }) {
  const log = useRef<TailraceLogElement>(null);
  const [state, setState] = useState('connecting');
  const [found, setFound] = useState('');

  async function search(query: string) {
    if (log.current === null) return;
    const { total, positions } = await log.current.search(query);
    setFound(`${total} lines`);
    if (positions[0] !== undefined) log.current.goTo(positions[0]);
  }

  return (
    <>
      <h1>Deployment</h1>
      <p id="state">{state}</p>
      <p>
        <input
          id="search"
          placeholder="Search"
          aria-label="Search"
          onKeyDown={(event) => {
            if (event.key === 'Enter') void search(event.currentTarget.value);
          }}
        />
        <span id="found">{found}</span>
      </p>
      <tailrace-log
        ref={log}
        src={src}
        times="clock"
        credentials="include"
        style={{ height: '60vh' }}
        ontailrace-state={(event) => setState(event.detail.state)}
        ontailrace-end={(event) => setState(event.detail.outcome)}
      />
    </>
  );
}
