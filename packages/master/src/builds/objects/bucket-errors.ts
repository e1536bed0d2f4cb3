import { ObjectsAwayError } from './object-store.ts';
import type { BucketPlace } from './objects-place.ts';

/** What the client throws, as far as it can be counted on. */
interface BucketError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** There is a bucket, and the object is not in it; or, of a question for a head, no bucket. */
export function isMissingObject(error: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes((error as BucketError).name ?? '');
}

/** Words for why the storage did not do what it was asked, and where to look. */
export function bucketErrorOf(cause: unknown, place: BucketPlace): ObjectsAwayError {
  if (cause instanceof ObjectsAwayError) return cause;
  return new ObjectsAwayError(wordsFor(cause as BucketError, place), { cause });
}

function wordsFor(error: BucketError, { bucket, endpoint, region }: BucketPlace): string {
  const where = endpoint ?? `Amazon S3 in ${region}`;
  const status = error.$metadata?.httpStatusCode;
  const { name = '', code, message = '' } = error;
  if (name === 'NoSuchBucket') return `there is no bucket '${bucket}' at ${where}`;
  if (name === 'NoSuchKey' || name === 'NotFound') return `the object is not in bucket '${bucket}'`;
  if (status === 301 || name === 'PermanentRedirect' || name === 'AuthorizationHeaderMalformed') {
    return `bucket '${bucket}' is in another region than ${region}: set region= in the address`;
  }
  if (status === 401 || status === 403) {
    return `${where} denies access to bucket '${bucket}' (${name}): see AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and what they allow`;
  }
  if (name === 'TimeoutError' || name === 'AbortError') return `${where} did not answer in time`;
  return `${where} can't be asked for bucket '${bucket}': ${code ?? status ?? name}, ${message}`;
}
