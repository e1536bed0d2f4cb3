import type { ObjectsPlace } from './objects-place.ts';
import { shownObjectsPlace } from './objects-place.ts';

/**
 * Whether a process of a farm looks for objects where the masters do, whose place is `theirs`, as
 * `shownObjectsPlace` writes it: what workers bring to one of them all must find.
 *
 * @returns a warning where that can't be known: a shared disk may have another name on each machine
 * @throws Error when it looks elsewhere
 */
export function checkSamePlace(place: ObjectsPlace, theirs: string): string | null {
  const ours = shownObjectsPlace(place);
  if (ours === theirs) return null;
  const text = `the masters have their objects at ${theirs}, and this process at ${ours}`;
  if (place.bucket !== null || theirs.startsWith('s3:')) {
    throw new Error(`${text}: give it the same --objects, or $WEIR_OBJECTS_URL`);
  }
  return `${text}: these have to be the same folder; --objects, or $WEIR_OBJECTS_URL, says where it is`;
}
