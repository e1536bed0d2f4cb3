import process from 'node:process';
import S3rver from '@20minutes/s3rver';

const [directory = '', port = '0'] = process.argv.slice(2);
const server = new S3rver({
  port: Number(port),
  address: '127.0.0.1',
  silent: true,
  directory,
  configureBuckets: [{ name: 'farm' }],
  // It reckons other signatures for lists than Amazon does; a key that it does not know it refuses.
  allowMismatchedSignatures: true,
});
const { port: opened } = await server.run();
console.log(opened);
