// Where the pages and the API are: "" or a path such as "/tailrace", which the server writes into
// index.html (its setting base_path).

function readBase(): string {
  if (typeof document === 'undefined') return '';
  const meta = document.querySelector<HTMLMetaElement>('meta[name="tailrace-base"]');
  return meta?.content ?? '';
}

export const base = readBase();

/** Whoever is not logged in is sent to the login page, and comes back from there. */
export function goToLogin(): void {
  const path = location.pathname.slice(base.length + 1);
  const login = `${base}/login`;
  location.assign(path === '' ? login : `${login}?next=${encodeURIComponent(path)}`);
}
