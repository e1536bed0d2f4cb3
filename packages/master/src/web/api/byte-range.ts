import type { Request, Response } from 'express';
import { problem } from '../server/problems.ts';

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

/** What of `size` bytes a request asks for, end exclusive; sets what a partial answer needs. @throws ProblemError */
export function chooseRange(
  request: Request,
  response: Response,
  { size, etag }: { size: number; etag: string | undefined },
): { from: number; to: number } {
  const ifRange = request.get('if-range');
  const isSame = ifRange === undefined || ifRange === etag;
  const range = parseByteRange(isSame ? request.get('range') : undefined, size);
  switch (range.t) {
    case 'whole':
      return { from: 0, to: size };
    case 'part':
      response.status(206);
      response.setHeader('content-range', `bytes ${range.from}-${range.to - 1}/${size}`);
      return range;
    case 'unsatisfiable':
      throw problem('range-not-satisfiable', `there are ${size} bytes`, {
        headers: { 'content-range': `bytes */${size}` },
      });
  }
}
