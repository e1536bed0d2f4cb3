import { Line } from '../support/line.ts';
import { MailServer } from '../support/mail-server.ts';
import type { MailAnswer, ReceivedMail } from '../support/mail-server.ts';

/** A mail that the receiver has; whether the farm was told so is another question. */
export interface Receipt {
  readonly at: number;
  readonly to: string;
  readonly messageId: string;
  readonly subject: string;
}

/** Where the notices of the farm under test arrive, behind a line of its own. */
export class Mailbox implements AsyncDisposable {
  readonly receipts: Receipt[] = [];
  /** When its line was cut. */
  readonly cuts: number[] = [];
  readonly #server: MailServer;
  readonly #line: Line;
  #mood: 'take' | 'refuse' | 'cut' = 'take';

  private constructor(server: MailServer, line: Line) {
    this.#server = server;
    this.#line = line;
    server.answer = (mail) => this.#answer(mail);
  }

  static async start(): Promise<Mailbox> {
    const server = await MailServer.start();
    return new Mailbox(server, await Line.start(() => Number(new URL(server.url).port)));
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.#line.port}`;
  }

  /** `refuse`: not now, try again. `cut`: each mail is taken, and the link breaks before the answer. */
  behave(mood: 'take' | 'refuse' | 'cut'): void {
    this.#mood = mood;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#line[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }

  #answer(mail: ReceivedMail): MailAnswer {
    if (this.#mood === 'refuse') return { code: 451, text: 'not now, try again' };
    const messageId = mail.header('message-id');
    const subject = mail.header('subject');
    this.receipts.push({ at: Date.now(), to: mail.to, messageId, subject });
    if (this.#mood === 'take') return 'take';
    this.cuts.push(Date.now());
    this.#line.cut();
    return 'hang';
  }
}
