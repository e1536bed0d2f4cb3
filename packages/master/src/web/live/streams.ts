import type { Response } from 'express';
import { problem } from '../server/problems.ts';
import { EventStream } from './sse.ts';

const maxStreams = 1_000;

/** The live streams that are open, so that they can be counted, and ended when the farm stops. */
export class Streams {
  readonly #open = new Set<EventStream>();

  get count(): number {
    return this.#open.size;
  }

  /** @throws ProblemError when too many are open */
  open(response: Response): EventStream {
    if (this.#open.size >= maxStreams) {
      throw problem('too-many-streams', `${maxStreams} live streams are open; try again later`, {
        headers: { 'retry-after': '30' },
      });
    }
    const stream = new EventStream(response);
    this.#open.add(stream);
    stream.signal.addEventListener('abort', () => this.#open.delete(stream));
    return stream;
  }

  endAll(): void {
    for (const stream of this.#open) stream.end();
  }
}
