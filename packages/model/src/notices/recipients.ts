import type { Channel } from '@weir/protocol';
import type { Scope } from './scope.ts';

export interface Subscription {
  readonly id: number;
  readonly channel: Channel;
  /** A mail address, or the name of a webhook. */
  readonly address: string;
  readonly scope: Scope;
}

export interface Recipient {
  readonly channel: Channel;
  readonly address: string;
  /** Why it is told: its subscriptions that apply, by id. */
  readonly subscriptions: readonly Subscription[];
}

/** One recipient for each address, however many of its subscriptions apply; by channel and address. */
export function recipientsOf(subscriptions: readonly Subscription[]): Recipient[] {
  const byRecipient = Map.groupBy(subscriptions, recipientKey);
  return [...byRecipient]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, its]) => {
      const [first] = its;
      if (first === undefined) return [];
      const { channel, address } = first;
      return [{ channel, address, subscriptions: its.toSorted((a, b) => a.id - b.id) }];
    });
}

export function recipientKey({ channel, address }: Pick<Recipient, 'channel' | 'address'>): string {
  return `${channel} ${address}`;
}
