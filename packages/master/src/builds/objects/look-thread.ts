import { parentPort, workerData } from 'node:worker_threads';
import type { ObjectsPlace } from './objects-place.ts';
import { openObjects } from './open-objects.ts';

// A thread of its own: hashing gigabytes would take the engine's turns.
const { place, sha256 } = workerData as { place: ObjectsPlace; sha256: string };
const { objects } = await openObjects(place);
parentPort?.postMessage(await objects.look(sha256));
