import process from 'node:process';
import { SMTPServer } from 'smtp-server';

/** Prints the mails that come in on port 1025: in place of the public image of docker-compose.yml. */
const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  logger: false,
  onData(stream, _session, callback) {
    stream.pipe(process.stdout, { end: false });
    stream.once('end', () => callback());
  },
});
// A client that was killed resets its connection.
server.on('error', () => {});
server.listen(1025, '0.0.0.0');
process.once('SIGTERM', () => process.exit());
