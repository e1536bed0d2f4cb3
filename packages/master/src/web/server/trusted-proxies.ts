import { BlockList, isIP } from 'node:net';

/** Names that Express has for ranges of addresses. */
const ranges = ['loopback', 'linklocal', 'uniquelocal'];

/**
 * Who is believed about a visitor's address and scheme (`X-Forwarded-For`, `X-Forwarded-Proto`): a proxy on
 * this machine, and those that `WEIR_TRUSTED_PROXIES` names, with commas between: addresses,
 * ranges such as 10.1.0.0/16, or `uniquelocal` for all private networks.
 *
 * @throws Error when it names something else
 */
export function trustedProxies(text = ''): string[] {
  const named = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const wrong = named.find((part) => !ranges.includes(part) && !isRange(part));
  if (wrong !== undefined) {
    throw new Error(
      `WEIR_TRUSTED_PROXIES takes addresses, ranges such as 10.1.0.0/16, or ${ranges.join(', ')}, not '${wrong}'`,
    );
  }
  return ['loopback', ...named];
}

function isRange(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  if (prefix === undefined) return true;
  if (!/^\d{1,3}$/.test(prefix)) return false;
  try {
    new BlockList().addSubnet(address, Number(prefix), version === 6 ? 'ipv6' : 'ipv4');
    return true;
  } catch {
    return false;
  }
}
