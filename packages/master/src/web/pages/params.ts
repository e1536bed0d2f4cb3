import type { Request } from 'express';

/** A builder's name from `/builders/*name`: it holds slashes. */
export function nameOf(request: Request): string {
  const parts: unknown = request.params['name'];
  return Array.isArray(parts) ? parts.join('/') : String(parts);
}

/** The number from `/:id`; 0, which nothing has, for what is no number. */
export function numberOf(request: Request): number {
  const id = Number(request.params['id']);
  return Number.isSafeInteger(id) && id > 0 ? id : 0;
}
