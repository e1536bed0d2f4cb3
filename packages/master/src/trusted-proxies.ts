import { BlockList, isIP } from 'node:net';

/** By the names that Express has for them. */
const ranges: ReadonlyMap<string, readonly string[]> = new Map([
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['linklocal', ['169.254.0.0/16', 'fe80::/10']],
  ['uniquelocal', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
]);

/** Who is believed about the address and scheme of a visitor or worker. */
export class TrustedProxies {
  readonly #addresses = new BlockList();

  /**
   * A proxy on this machine is, and those that `WEIR_TRUSTED_PROXIES` names, with commas between:
   * addresses, ranges such as 10.1.0.0/16, or `uniquelocal` for all private networks.
   *
   * @throws Error when it names something else
   */
  constructor(text = '') {
    const named = text.split(',').map((part) => part.trim());
    for (const part of ['loopback', ...named]) if (part !== '') this.#add(part);
  }

  #add(part: string): void {
    for (const range of ranges.get(part) ?? [part]) {
      const [address = '', prefix, ...more] = range.split('/');
      const version = isIP(address);
      const bits = version === 6 ? 128 : 32;
      const length = prefix === undefined ? bits : Number(prefix);
      if (version === 0 || more.length > 0 || prefix === '' || !(length >= 0 && length <= bits)) {
        throw new Error(
          `WEIR_TRUSTED_PROXIES takes addresses, ranges such as 10.1.0.0/16, or ${[...ranges.keys()].join(', ')}, not '${part}'`,
        );
      }
      this.#addresses.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4');
    }
  }

  trusts(address: string): boolean {
    const version = isIP(address);
    // Of an IPv4 address in the form of IPv6 the IPv4 ranges hold, too.
    return version !== 0 && this.#addresses.check(address, version === 6 ? 'ipv6' : 'ipv4');
  }

  /**
   * Whom a connection is from: the other end, or whom the proxies on the way say that it is from.
   *
   * @param forwardedFor the header `X-Forwarded-For`
   */
  addressOf(peer: string, forwardedFor = ''): string {
    let address = peer;
    for (const named of forwardedFor.split(',').toReversed()) {
      if (!this.trusts(address) || isIP(named.trim()) === 0) break;
      address = named.trim();
    }
    return address;
  }
}
