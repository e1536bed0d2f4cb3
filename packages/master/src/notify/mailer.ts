import { randomUUID } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { SendMailOptions } from 'nodemailer';
import { DeliveryRefusedError } from './deliverer.ts';

/** Takes mails to where they go. */
export interface Mailer {
  /**
   * Resolves when the receiver took it.
   *
   * @param name of the file, where mails are files
   * @throws DeliveryRefusedError when the receiver refused it for good
   */
  send(mail: SendMailOptions, name: string): Promise<void>;
  close(): void;
}

export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte on; else STARTTLS where the server offers it. */
  readonly isTls: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | null;
}

/** @throws Error when it is no address of a mail server; it names the setting, not its value */
export function mailServerOf(address: string, setting: string): MailServer {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') {
    throw new Error(`${setting} is no address such as smtps://user:password@mail.example.org`);
  }
  const isTls = url.protocol === 'smtps:';
  const usual = isTls ? 465 : 587;
  const [user, pass] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? usual : Number(url.port),
    isTls,
    auth: user === '' ? null : { user, pass },
  };
}

/** Times in milliseconds after which a mail server that says nothing is given up. */
export interface MailTimes {
  readonly connectMs: number;
  readonly silenceMs: number;
}

/** Sends by SMTP, over a few connections that stay open. */
export async function smtpMailer(
  { host, port, isTls, auth }: MailServer,
  { connectMs, silenceMs }: MailTimes = { connectMs: 15_000, silenceMs: 60_000 },
): Promise<Mailer> {
  const { createTransport } = await import('nodemailer');
  const isHere = ['localhost', '127.0.0.1', '::1'].includes(host);
  const transport = createTransport({
    pool: true,
    maxConnections: 4,
    // Trying again is the outbox's part: it is counted and shown there.
    maxRequeues: 0,
    host,
    port,
    secure: isTls,
    ...(auth && { auth, requireTLS: !isTls && !isHere }),
    // No certificate is for the loopback, and nobody listens there.
    ignoreTLS: isHere,
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(mail) {
      try {
        await transport.sendMail(mail);
      } catch (error) {
        throw isRefusal(error) ? new DeliveryRefusedError(error.message, { cause: error }) : error;
      }
    },
    close: () => transport.close(),
  };
}

/** The server refused this mail for good; a refused sign-in is the operator's to mend. */
function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code, responseCode = 0 } = error as { code?: string; responseCode?: number };
  const isAboutMail = code === 'EENVELOPE' || code === 'EMESSAGE';
  return isAboutMail && responseCode >= 500 && responseCode !== 503;
}

/** Where there is no mail server: each mail is a file, whole or not there at all. */
export async function fileMailer(dir: string): Promise<Mailer> {
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    streamTransport: true,
    buffer: true,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(mail, name) {
      const { message } = await transport.sendMail(mail);
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const draft = join(dir, `.${name}.${randomUUID()}`);
      const file = await open(draft, 'wx', 0o600);
      try {
        await file.writeFile(message as Buffer);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, join(dir, `${name}.eml`));
    },
    close: () => transport.close(),
  };
}
