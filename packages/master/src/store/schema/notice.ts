import type { Scope } from '@weir/model';
import type { Channel, DeliveryState, NoticeKind, NoticeState } from '@weir/protocol';
import type { Generated } from 'kysely';

/** Somebody who wants to be told. An ended one stays, so that nothing follows again by itself. */
export interface SubscriptionTable {
  id: Generated<number>;
  channel: Channel;
  /** A mail address, or the name of a webhook. */
  address: string;
  scope: Scope;
  /** `owner`: of a worker. */
  source: 'farm file' | 'page' | 'owner';
  /** `asked`: by the page, and not confirmed by mail yet. */
  state: 'asked' | 'active' | 'ended';
  asked_at: number;
}

/** One thing that people are to be told. */
export interface NoticeTable {
  id: Generated<number>;
  kind: NoticeKind;
  /** `breakage/7`, `worker/w1`, `subscription/3` */
  about: string;
  state: NoticeState;
  created_at: number;
  told_at: number | null;
  /** What it says, written when it is told. */
  headline: string | null;
  facts_json: string | null;
}

/** The way of one notice to one recipient. */
export interface DeliveryTable {
  id: Generated<number>;
  notice_id: number;
  channel: Channel;
  address: string;
  /** The subscriptions because of which it is sent: JSON list of ids. */
  subscriptions_json: string;
  /** With its angle brackets; the same for every try. */
  message_id: string;
  /** The first message of its thread. */
  answers_message_id: string | null;
  state: DeliveryState;
  tries: number;
  not_before: number;
  error: string | null;
  created_at: number;
  /** When it was sent, or given up. */
  ended_at: number | null;
}
