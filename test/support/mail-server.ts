import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/** A mail as it came in. */
export interface ReceivedMail {
  readonly to: string;
  readonly raw: string;
  /** A header, unfolded; empty when it is not there. */
  header(name: string): string;
  /** The plain text, and the HTML. */
  readonly text: string;
  readonly html: string;
}

/** How the server answers: a code of 400 or more refuses; `hang` says nothing any more. */
export type MailAnswer = 'take' | 'hang' | { readonly code: number; readonly text: string };

export interface MailAccount {
  readonly user: string;
  readonly password: string;
}

/** A real mail server on a free port. It keeps what it took, and counts what came again. */
export class MailServer implements AsyncDisposable {
  readonly mails: ReceivedMail[] = [];
  /** Asked when all of a mail has come; a promise holds the answer back. */
  answer: (mail: ReceivedMail) => MailAnswer | Promise<MailAnswer> = () => 'take';
  readonly #server: SMTPServer;
  readonly #waiting = new Set<() => void>();

  private constructor(account: MailAccount | null) {
    this.#server = new SMTPServer({
      authOptional: account === null,
      disabledCommands: account === null ? ['AUTH', 'STARTTLS'] : ['STARTTLS'],
      onAuth({ username = '', password = '' }, _session, callback) {
        if (username === account?.user && password === account.password) {
          callback(null, { user: username });
        } else {
          callback(new Error('wrong password'));
        }
      },
      closeTimeout: 100,
      logger: false,
      onData: (stream, session, callback) => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join();
        this.#take(to, stream).then(
          (answer) => reply(answer, callback),
          // A client that was killed in the middle of a mail.
          () => {},
        );
      },
    });
    // A client that was killed resets its connection.
    this.#server.on('error', () => {});
  }

  /** @param account who may send; without one anybody may */
  static async start(account: MailAccount | null = null): Promise<MailServer> {
    const server = new MailServer(account);
    const listening = server.#server.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    return server;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`;
  }

  /** Resolves when what was taken is so. */
  async until(isEnough: (mails: readonly ReceivedMail[]) => boolean): Promise<void> {
    while (!isEnough(this.mails)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #take(to: string, stream: NodeJS.ReadableStream): Promise<MailAnswer> {
    const mail = parseMail(to, await text(stream));
    const answer = await this.answer(mail);
    if (answer !== 'take') return answer;
    this.mails.push(mail);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
    return answer;
  }
}

function reply(answer: MailAnswer, callback: (error?: Error) => void): void {
  if (answer === 'take') callback();
  else if (answer !== 'hang') {
    callback(Object.assign(new Error(answer.text), { responseCode: answer.code }));
  }
}

/** Reads a mail of ours: `multipart/alternative` of a text and an HTML part. */
export function parseMail(to: string, raw: string): ReceivedMail {
  const { headers, body } = split(raw);
  const boundary = /boundary="([^"]+)"/.exec(headers)?.[1] ?? '';
  const parts = body.split(`--${boundary}`).map((part) => split(part.replace(/^\r?\n/, '')));
  const partOf = (type: string): string => {
    const part = parts.find((each) => headerOf(each.headers, 'content-type').startsWith(type));
    return part === undefined ? '' : decoded(part);
  };
  return {
    to,
    raw,
    header: (name) => headerOf(headers, name),
    text: partOf('text/plain'),
    html: partOf('text/html'),
  };
}

interface Part {
  readonly headers: string;
  readonly body: string;
}

function split(raw: string): Part {
  const [, headers = '', body = ''] = /^([^]*?)\r?\n\r?\n([^]*)$/.exec(raw) ?? [];
  return { headers: headers.replaceAll(/\r?\n[ \t]+/g, ' '), body };
}

function headerOf(headers: string, name: string): string {
  const value = new RegExp(`^${name}: *(.*?)\\r?$`, 'im').exec(headers)?.[1] ?? '';
  return value
    .replaceAll(/\?= =\?/g, '?==?')
    .replaceAll(/=\?UTF-8\?Q\?(.*?)\?=/gi, (_, word: string) =>
      unquoted(word.replaceAll('_', ' ')),
    );
}

function decoded({ headers, body }: Part): string {
  const encoding = headerOf(headers, 'content-transfer-encoding');
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  if (encoding !== 'quoted-printable') return body.replaceAll('\r\n', '\n');
  return unquoted(body.replaceAll(/=\r?\n/g, '')).replaceAll('\r\n', '\n');
}

function unquoted(text: string): string {
  const bytes = text.replaceAll(/=([\dA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}
