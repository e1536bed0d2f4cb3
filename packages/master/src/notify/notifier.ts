import { join } from 'node:path';
import process from 'node:process';
import type { Farm } from '@weir/model';
import type { LogReader } from '../builds/logs/reader.ts';
import type { ObjectStore } from '../builds/objects/object-store.ts';
import { TestLists } from '../builds/objects/test-lists.ts';
import type { Clock } from '../clock.ts';
import { EventReader } from '../events/reader.ts';
import type { Log } from '../log.ts';
import type { DeliveryRow } from '../store/deliveries.ts';
import type { Store } from '../store/store.ts';
import { syncSubscriptions } from '../store/subscriptions.ts';
import { addressMail } from './address-mail.ts';
import { addressWebhook } from './address-webhook.ts';
import { Deliverer } from './deliverer.ts';
import { Heartbeat } from './heartbeat.ts';
import { MailRoute } from './mail-route.ts';
import { Teller } from './teller.ts';
import { ensureNoticeSecret } from './tokens.ts';
import { postWebhook } from './webhook.ts';
import { isNews, writeNotices } from './write-notices.ts';

export interface NotifierOptions {
  readonly store: Store;
  /** Disposed of when the notifier stops. */
  readonly logs: LogReader;
  readonly farm: () => Farm;
  readonly dataDir: string;
  /** Where the lists of tests are. */
  readonly objects: ObjectStore;
  /** Where the pages are, unless the farm file says so. */
  readonly url: () => string;
  readonly now: Clock;
  readonly log: Log;
  /** Why no heartbeat is given; null when it is, or nobody wants one. Called when that changes. */
  readonly heartbeat: (trouble: string | null) => void;
  /** How long to wait after so many tries of a delivery, in milliseconds. */
  readonly waitMs?: (tries: number) => number;
}

/** From the event log to people: events become notices, notices are told, deliveries go out. */
export interface Notifier {
  /** Something may have been committed. */
  wake(): void;
  /** Another farm file is in force. */
  farmChanged(): Promise<void>;
  /** Deliveries may have been asked for. */
  deliver(): void;
  stop(): Promise<void>;
}

export async function startNotifier(options: NotifierOptions): Promise<Notifier> {
  const { store, logs, farm, dataDir, objects, now, log } = options;
  const { read: db } = store;
  // It opens a list once for a breakage, which is no reason to keep it.
  const tests = new TestLists(objects, 0);
  const mails = new MailRoute(process.env['WEIR_SMTP_URL'] ?? null, join(dataDir, 'outbox'));
  const url = (): string => farm().publicUrl ?? options.url();
  const common = { store, now, log, ...(options.waitMs && { waitMs: options.waitMs }) };
  const deliverers = [
    new Deliverer({ ...common, channel: 'mail', send: sendMail }),
    new Deliverer({ ...common, channel: 'webhook', send: sendWebhook }),
  ];
  const deliver = (): void => {
    for (const deliverer of deliverers) deliverer.wake();
  };
  const teller = new Teller({ store, logs, tests, farm, url, now, log, wrote: deliver });
  const reader = new EventReader({
    store,
    now,
    log,
    name: 'notices',
    concerns: isNews,
    async handle(unit, event) {
      await writeNotices(unit, event);
      return () => teller.wake();
    },
  });

  const heartbeat = new Heartbeat({
    store,
    farm,
    now,
    log,
    reader,
    url: process.env['WEIR_HEARTBEAT_URL'] || null,
    changed: options.heartbeat,
  });

  async function sendMail(delivery: DeliveryRow): Promise<boolean> {
    const mail = await addressMail({ db, farm: farm(), url: url() }, delivery);
    if (mail === null) return false;
    const mailer = await mails.mailer(farm().notify.smtp);
    await mailer.send(mail, String(delivery.id));
    return true;
  }

  async function sendWebhook(delivery: DeliveryRow): Promise<boolean> {
    await postWebhook(await addressWebhook({ db, farm: farm(), url: url(), now }, delivery));
    return true;
  }

  async function farmChanged(): Promise<void> {
    await store.unit((unit) => syncSubscriptions(unit, farm().notify.subscriptions, now()));
  }

  await ensureNoticeSecret(store);
  await farmChanged();
  await reader.start();
  teller.start();
  deliver();
  heartbeat.start();
  return {
    wake: () => reader.wake(),
    async farmChanged() {
      heartbeat.start();
      await farmChanged();
    },
    deliver,
    async stop() {
      await heartbeat.stop();
      await reader.stop();
      await teller.stop();
      await Promise.all(deliverers.map((deliverer) => deliverer.stop()));
      mails.close();
      logs[Symbol.dispose]();
    },
  };
}
