export type ByteRange =
  | { readonly t: 'whole' }
  /** End exclusive. */
  | { readonly t: 'part'; readonly from: number; readonly to: number }
  | { readonly t: 'unsatisfiable' };

/**
 * What a `Range` header asks of `size` bytes (RFC 9110, section 14). Several ranges, other units and
 * what can't be read are ignored, as the RFC allows: then the answer is the whole.
 */
export function parseByteRange(header: string | undefined, size: number): ByteRange {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (match === null || (first === '' && last === '')) return { t: 'whole' };
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? { t: 'unsatisfiable' } : { t: 'part', from: size - length, to: size };
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return { t: 'whole' };
  if (from >= size) return { t: 'unsatisfiable' };
  return { t: 'part', from, to: last === '' ? size : Math.min(Number(last) + 1, size) };
}
