import type { Trust } from '@weir/protocol';
import type { Generated } from 'kysely';

/** A runtime kept on a worker. */
export interface RuntimeTable {
  worker_id: number;
  /** Of the runtime builder that made it. */
  builder_id: number;
  commit_hash: string;
  state: 'kept' | 'failed';
  build_id: number | null;
  at: number;
}

/** A packed runtime; its bytes are an object. */
export interface ArtifactTable {
  id: Generated<number>;
  sha256: string;
  /** Packed. */
  bytes: number;
  unpacked_bytes: number;
  files: number;
  /** Of the runtime builder that made it. */
  builder_id: number;
  commit_hash: string;
  /** Place of the commit on its trunk. */
  position: number;
  build_id: number;
  worker_id: number;
  /** Of the worker when it made it. */
  trust: Trust;
  made_at: number;
  dropped_at: number | null;
}
