import type { Mailer } from './mailer.ts';
import { fileMailer, mailServerOf, smtpMailer } from './mailer.ts';

/** The way that mails take: opened when the first one is sent, and again when the farm file names another. */
export class MailRoute {
  readonly #own: string | null;
  readonly #outbox: string;
  #server: string | null = null;
  #mailer: Promise<Mailer> | undefined;

  /**
   * @param own the mail server that goes before the farm file's
   * @param outbox the folder for mails where there is no mail server
   */
  constructor(own: string | null, outbox: string) {
    this.#own = own === '' ? null : own;
    this.#outbox = outbox;
  }

  /** @throws Error when the server's address is none */
  async mailer(named: string | null): Promise<Mailer> {
    const server = this.#own ?? named;
    if (this.#mailer === undefined || server !== this.#server) {
      this.close();
      this.#server = server;
      this.#mailer = this.#open(server);
    }
    return this.#mailer;
  }

  close(): void {
    this.#mailer?.then(
      (mailer) => mailer.close(),
      () => {},
    );
    this.#mailer = undefined;
  }

  async #open(server: string | null): Promise<Mailer> {
    if (server === null) return fileMailer(this.#outbox);
    const setting = this.#own === null ? 'notify.smtp' : 'WEIR_SMTP_URL';
    return smtpMailer(mailServerOf(server, setting));
  }
}
