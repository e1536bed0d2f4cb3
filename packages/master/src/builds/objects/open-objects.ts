import { join } from 'node:path';
import { ObjectFiles } from './object-files.ts';
import type { ObjectStore } from './object-store.ts';
import { ObjectUploads } from './object-uploads.ts';
import type { ObjectsPlace } from './objects-place.ts';

/** What one thread works with. */
export interface Objects {
  readonly objects: ObjectStore;
  readonly uploads: ObjectUploads;
}

/** @param place as `objectsPlaceOf` reads it */
export async function openObjects(place: ObjectsPlace): Promise<Objects> {
  const objects = await storeAt(place);
  return { objects, uploads: new ObjectUploads(join(place.dir, 'uploads'), objects) };
}

async function storeAt({ dir, bucket }: ObjectsPlace): Promise<ObjectStore> {
  if (bucket === null) return new ObjectFiles(dir);
  // Its client takes a third of a second to load.
  const { ObjectBucket } = await import('./object-bucket.ts');
  return new ObjectBucket(bucket);
}
