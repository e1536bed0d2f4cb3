import { resolve } from 'node:path';
import type { VersionSource } from '@weir/protocol';
import type { FarmReading, FarmReadingOptions } from './read-farm-file.ts';
import { readFarmFile } from './read-farm-file.ts';

/** The farm file that a master was started with, as it was read. */
export interface SourceReading {
  readonly reading: FarmReading;
  readonly source: VersionSource;
  readonly reason: string | null;
}

/** Where the farm file is that a master was started with. */
export interface FarmSource {
  /** For people, and to tell it apart from other places. */
  readonly place: string;
  /** It changes by itself, and has to be asked for again and again. */
  readonly isFollowed: boolean;
  /** Null when it is as it was read last. @throws RepositoryError when it can't be reached */
  read(): Promise<SourceReading | null>;
  /** What was read last did not come into force: it is read again. */
  forget(): void;
}

/** How farm files are read, wherever they come from. */
export type FarmOptions = Required<FarmReadingOptions>;

/** A file on the master's own disk. */
export function fileSource(path: string, options: FarmOptions): FarmSource {
  const place = resolve(path);
  return {
    place,
    isFollowed: false,
    read: async () => ({
      reading: await readFarmFile(place, options),
      source: { kind: 'file' },
      reason: null,
    }),
    forget() {},
  };
}
