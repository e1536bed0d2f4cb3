import { canonicalAddress, isMailAddress, isScope } from '@weir/model';
import type { Scope } from '@weir/model';
import { listOf, mapOf } from './collections.ts';
import { heartbeatForm, heartbeatMisfit } from './heartbeat-address.ts';
import { duration } from './quantities.ts';
import { option, optional, orBlank, required, section } from './section.ts';
import { misfit, textType } from './text-type.ts';
import type { Parsed } from './text-type.ts';
import { address, flag, name } from './texts.ts';

/** Who a mail is from. */
export interface Sender {
  readonly name: string;
  readonly address: string;
}

const mailAddress = textType<string>('a mail address such as dev@example.org', '', (text) =>
  isMailAddress(text) ? { value: canonicalAddress(text) } : misfit(),
);
const mailAddresses = listOf(mailAddress, 'mail addresses', { unique: true });

/** The option `notify` of an upstream, a trunk, and a project. */
export const notify = (what: string) => orBlank(mailAddresses, 'nobody', what);

const maxSender = 500;

const sender = textType<Sender>(
  'a sender such as weir@example.org or Weir <weir@example.org>',
  { name: '', address: '' },
  (text): Parsed<Sender> => {
    if (text.length > maxSender) return misfit();
    const [, named = '', within] = /^([^<>"\p{C}]*?)\s*<([^<>]*)>$/u.exec(text) ?? [];
    const plain = within ?? text;
    if (!isMailAddress(plain)) return misfit();
    return { value: { name: named.trim(), address: canonicalAddress(plain) } };
  },
);

const mailServer = textType<string>(
  'a mail server such as smtp://mail.example.org:587 or smtps://mail.example.org',
  '',
  (text) => {
    if (!URL.canParse(text)) return misfit();
    const { protocol, hostname, username, password } = new URL(text);
    if ((protocol !== 'smtp:' && protocol !== 'smtps:') || hostname === '') return misfit();
    if (username || password) {
      return misfit('leave out the credentials: set all of the address as WEIR_SMTP_URL');
    }
    return { value: text };
  },
);

const environmentVariable = textType<string>(
  'the name of a variable, such as ROOM_SECRET',
  '',
  (text) => (/^[A-Za-z_]\w{0,199}$/.test(text) ? { value: text } : misfit()),
);

const scope = textType<Scope | ''>(
  'farm, trunk/UPSTREAM/TRUNK, project/NAME, worker/NAME or breakage/NUMBER',
  '',
  (text) => (isScope(text) ? { value: text } : misfit()),
);

export const webhookOptions = {
  url: required(
    address('https://chat.example.org/hooks/weir', 'http:', 'https:'),
    'Where each notice is posted, as JSON.',
  ),
  'secret-env': required(
    environmentVariable,
    'The variable of the master that holds the secret by which the receiver knows us; `whsec_` and base64, or any text.',
  ),
  about: orBlank(
    listOf(scope, 'scopes', { min: 1, unique: true }),
    '[farm]',
    'What it is told about.',
  ),
};

const heartbeatAddress = textType<string>(`an ${heartbeatForm}`, '', (text) =>
  heartbeatMisfit(text) === null ? { value: text } : misfit(),
);

export const heartbeatOptions = {
  url: optional(
    heartbeatAddress,
    'nowhere',
    'What is asked (`GET`) for as long as notices get through, such as a check of healthchecks.io: it says so when it is asked no more. The variable `WEIR_HEARTBEAT_URL` goes before it, for an address that not everybody should know.',
  ),
  every: option(duration('10s', '1d'), '5m', 'How often it is asked.'),
};

export const notifyOptions = {
  from: option(sender, 'Weir <weir@localhost>', 'Who mails are from.'),
  smtp: optional(
    mailServer,
    'mails are files in the folder `outbox` of the data folder',
    'The mail server, without credentials. The variable `WEIR_SMTP_URL` goes before it and may hold them.',
  ),
  to: orBlank(mailAddresses, 'nobody', 'Who is told of every breakage of the farm.'),
  gather: option(
    duration('0s', '1d'),
    '10m',
    'A breakage is told when nothing of the same commit waits or runs any more, and after so long at the latest: what one change broke is one mail.',
  ),
  webhooks: orBlank(
    mapOf(name, section(webhookOptions), 'webhooks'),
    'none',
    'Programs that are told, by name.',
  ),
  heartbeat: orBlank(
    section(heartbeatOptions),
    'none',
    "Somebody else's watch over the farm: who hears nothing of it any more says so.",
  ),
  'private-webhooks': option(
    flag,
    'false',
    'Whether webhooks and the heartbeat may lie in private networks and on this machine.',
  ),
};
