import type { Request } from 'express';
import type { WebContext } from '../context.ts';

/** Where the farm's pages are, without a slash at the end: as the farm file says, else as the visitor asked. */
export function addressOf({ farm }: WebContext, request: Request): string {
  const { publicUrl } = farm();
  if (publicUrl !== null) return publicUrl;
  const url = `${request.protocol}://${request.get('host') ?? ''}`;
  return URL.canParse(url) ? new URL(url).origin : 'http://localhost';
}
