/**
 * Whether a text is a plain mail address: letters that no header or shell means something by, one
 * `@`, and a host name. Quoted and international local parts are refused.
 */
export function isMailAddress(text: string): boolean {
  const [, local, host] = /^([^@]+)@([^@]+)$/.exec(text) ?? [];
  if (local === undefined || host === undefined || text.length > maxAddress) return false;
  const isLocal = /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(local);
  const isHost = /^([a-z\d]([a-z\d-]{0,61}[a-z\d])?\.)*[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/i.test(
    host,
  );
  return isLocal && local.length <= maxLocal && isHost;
}

const maxAddress = 254;
const maxLocal = 64;

/** The one way to write an address: a host has no upper case. */
export function canonicalAddress(address: string): string {
  const at = address.lastIndexOf('@');
  return `${address.slice(0, at)}${address.slice(at).toLowerCase()}`;
}

/** An address as visitors see it: `a***@example.org`. */
export function maskedAddress(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 1 ? address : `${address.slice(0, 1)}***${address.slice(at)}`;
}
