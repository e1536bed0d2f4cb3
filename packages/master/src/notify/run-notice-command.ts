import type { Farm } from '@weir/model';
import type { Clock } from '../clock.ts';
import type { Command } from '../command.ts';
import { CommandError } from '../command.ts';
import { retryDelivery } from '../store/deliveries.ts';
import { recordEvents } from '../store/events.ts';
import type { Store } from '../store/store.ts';
import { confirmSubscription, subscribe, unsubscribe } from './subscribe.ts';

export type NoticeCommand = Extract<
  Command,
  { t: 'subscribe' | 'confirm-subscription' | 'unsubscribe' | 'retry-delivery' }
>;

/** Does what a person asks of the outbox, or of who is told; resolves after the commit. @throws CommandError */
export async function runNoticeCommand(
  { store, farm, now }: { store: Store; farm: () => Farm; now: Clock },
  actor: string,
  command: NoticeCommand,
): Promise<void> {
  const at = now();
  switch (command.t) {
    case 'subscribe':
      return store.unit((db) => subscribe(db, command, { farm: farm(), at }));
    case 'confirm-subscription':
      return store.unit((db) => confirmSubscription(db, command.subscriptions, at));
    case 'unsubscribe':
      return store.unit((db) => unsubscribe(db, command.subscriptions, at));
    case 'retry-delivery':
      return store.unit(async (db) => {
        const { delivery: id, reason } = command;
        if (!(await retryDelivery(db, id, at))) {
          throw new CommandError(409, 'no-change', `there is no delivery ${id} that was not sent`);
        }
        const event = { at, kind: 'delivery.retried', actor, subject: `delivery/${id}` };
        await recordEvents(db, [{ ...event, data: { reason } }]);
      });
  }
}
