import type { Request } from 'express';

/** The farm's address as the visitor knows it. */
export function originOf(request: Request): string {
  const url = `${request.protocol}://${request.get('host') ?? ''}`;
  return URL.canParse(url) ? new URL(url).origin : 'http://localhost';
}
