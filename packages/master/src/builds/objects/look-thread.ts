import { parentPort, workerData } from 'node:worker_threads';
import { lookAt } from './look.ts';

// A thread of its own: hashing gigabytes would take the engine's turns.
const { path } = workerData as { path: string };
parentPort?.postMessage(await lookAt(path));
