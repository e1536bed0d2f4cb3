/**
 * One text for all the addresses of one repository, whatever way it is reached: host and path of
 * `https://host/a/b.git`, `ssh://git@host:22/a/b` and `git@host:a/b.git` are `host/a/b`. Null for
 * what is no such address.
 */
export function canonicalRepository(address: string): string | null {
  const scp = /^[\w.-]+@([\w.-]+):(?!\/\/)(.+)$/.exec(address);
  const url = scp === null ? URL.parse(address) : URL.parse(`ssh://${scp[1]}/${scp[2]}`);
  if (url === null || url.hostname === '') return null;
  const path = url.pathname.replace(/\/+$/, '').replace(/\.git$/, '');
  return path === '' ? null : `${url.hostname}${path}`.toLowerCase();
}
