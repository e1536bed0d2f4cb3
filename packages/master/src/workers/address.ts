/** Of this machine itself: behind a proxy on it, all who connect look like that. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
