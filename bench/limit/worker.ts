import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { ToMaster, ToWorker } from './frames.ts';
import { logBytes } from './frames.ts';

/** One worker of the bare loop: spawns `true` for each build, and sends 1 kB of log. */
const [url = '', slots = '4'] = process.argv.slice(2);
const link = new WebSocket(url, { perMessageDeflate: false });
const log = Buffer.alloc(logBytes, 'x');
await once(link, 'open');

function say(message: ToMaster): void {
  link.send(JSON.stringify(message));
}

function run(build: number): void {
  say({ t: 'started', build });
  const child = spawn('true', { stdio: 'ignore' });
  child.on('exit', (exitCode) => {
    const frame = Buffer.alloc(8 + logBytes);
    frame.writeDoubleBE(build);
    log.copy(frame, 8);
    link.send(frame);
    say({ t: 'finished', build, exitCode: exitCode ?? -1 });
  });
}

link.on('message', (data: Buffer) => {
  const message = JSON.parse(data.toString()) as ToWorker;
  switch (message.t) {
    case 'offer':
      say({ t: 'accept', build: message.build });
      break;
    case 'start':
      run(message.build);
      break;
    case 'ack':
      break;
    case 'confirmed':
      say({ t: 'ready', slots: 1 });
  }
});
link.on('close', () => process.exit());
say({ t: 'ready', slots: Number(slots) });
