/** Redis can't be asked; the message says why. Apart from what makes links, which most farms never load. */
export class RedisAwayError extends Error {
  override readonly name = 'RedisAwayError';
}
