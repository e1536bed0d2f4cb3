import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether this is the admin token, whose SHA-256 is stored; takes as long for any guess. */
export function isAdminToken(token: string, storedHash: string): boolean {
  const asked = createHash('sha256').update(token).digest();
  const stored = Buffer.from(storedHash, 'hex');
  return stored.length === asked.length && timingSafeEqual(asked, stored);
}
