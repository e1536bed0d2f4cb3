/** What the address of a heartbeat is. */
export const heartbeatForm =
  'address such as https://hc.example.org/ping/1: https, or http on this machine';

const maxLength = 2_000;

/** Null for an address that a heartbeat may go to, else what it should be. */
export function heartbeatMisfit(text: string): string | null {
  if (text.length > maxLength || !URL.canParse(text)) return heartbeatForm;
  const { protocol, hostname, username, password, hash } = new URL(text);
  // Who listens on the way could go on in its place when the farm is dead.
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
  return isSafe && !username && !password && !hash ? null : heartbeatForm;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
