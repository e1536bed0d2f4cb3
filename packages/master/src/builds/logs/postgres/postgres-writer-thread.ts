import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { openObjects } from '../../objects/open-objects.ts';
import type { LogsPlace } from '../open-logs.ts';
import { serveLogRequests } from '../serve-log-requests.ts';
import type { LogReply } from '../thread-messages.ts';
import { openPostgresKeeping } from './postgres-keeping.ts';

if (parentPort === null) throw new Error('the log writer runs as a thread');
const port = parentPort;
const { store, objectsPlace } = workerData as LogsPlace;

const { objects } = await openObjects(objectsPlace);
const keeping = await openPostgresKeeping(store, {
  objects,
  uploadsDir: join(objectsPlace.dir, 'uploads'),
  warn: (message) => port.postMessage({ t: 'warning', message } satisfies LogReply),
});
serveLogRequests(port, keeping);
