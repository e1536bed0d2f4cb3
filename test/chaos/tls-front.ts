import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import type { Server } from 'node:tls';

/** What stands before a farm in life: it takes TLS, and speaks plainly to the master's port. */
export class TlsFront implements AsyncDisposable {
  /** The certificate that clients have to trust; a file. */
  readonly certificate: string;
  readonly #server: Server;

  private constructor(certificate: string, server: Server) {
    this.certificate = certificate;
    this.#server = server;
  }

  /**
   * @param folder where key and certificate are made
   * @param target the port behind it, asked for at each connection
   */
  static async start(folder: string, target: () => number): Promise<TlsFront> {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync(
      'openssl',
      ['req', '-x509', ...curve, '-keyout', key, '-out', certificate, '-days', '3650'].concat([
        '-subj',
        '/CN=localhost',
        '-addext',
        names,
      ]),
      { stdio: 'ignore' },
    );
    const options = { key: readFileSync(key), cert: readFileSync(certificate) };
    const server = createServer(options, (near) => {
      const far = connect(target(), '127.0.0.1');
      for (const socket of [near, far]) {
        socket.on('error', () => {});
        socket.on('close', () => {
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
    // A handshake of garbled bytes is the client's affair.
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TlsFront(certificate, server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
