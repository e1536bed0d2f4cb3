import type { Letter } from '@weir/model';
import { letterText } from '@weir/model';
import type { SendMailOptions } from 'nodemailer';
import { letterHtml } from './letter-html.ts';

export interface MailParts {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly farm: string;
  readonly headline: string;
  readonly letter: Letter;
  readonly at: number;
  /** With its angle brackets. */
  readonly messageId: string;
  /** The message that it answers. */
  readonly answers: string | null;
  /** Null for a mail that asks for a confirmation: there is nothing yet to be ended. */
  readonly unsubscribeUrl: string | null;
}

/** A mail of the farm, as nodemailer takes it: which encodes each header, so that no text can add one. */
export function mailOf(parts: MailParts): SendMailOptions {
  const { from, to, farm, headline, letter, at, messageId, answers, unsubscribeUrl } = parts;
  const subject = `${answers === null ? '' : 'Re: '}[weir] ${headline}`;
  return {
    from: { name: from.name, address: from.address },
    to: { name: '', address: to },
    subject,
    text: letterText(letter),
    html: letterHtml(subject, letter),
    date: new Date(at),
    messageId,
    ...(answers !== null && { inReplyTo: answers, references: answers }),
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      ...(unsubscribeUrl !== null && { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
    },
    ...(unsubscribeUrl !== null && {
      list: {
        id: { url: listId(from.address), comment: farm },
        unsubscribe: unsubscribeUrl,
      },
    }),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function listId(address: string): string {
  return `notices.${address.slice(address.indexOf('@') + 1)}`;
}
