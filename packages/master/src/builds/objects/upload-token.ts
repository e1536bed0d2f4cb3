import { createHmac } from 'node:crypto';

/** What a build proves itself with when it brings objects: good for that build, while it runs. */
export function uploadToken(secret: string, build: number): string {
  return createHmac('sha256', secret).update(`upload.${build}`).digest('base64url');
}
