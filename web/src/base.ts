// Where the pages and the API are: "" or a path such as "/tailrace", which the server writes into
// index.html (its setting base_path).

function readBase(): string {
  if (typeof document === 'undefined') return '';
  const meta = document.querySelector<HTMLMetaElement>('meta[name="tailrace-base"]');
  return meta?.content ?? '';
}

export const base = readBase();
