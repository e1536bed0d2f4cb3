import type { FarmNotify, FarmSubscription, Scope } from '@weir/model';
import { trunkName } from '@weir/model';
import type { FarmFile } from './farm-of.ts';
import type { Located } from './value-type.ts';

/** Who is told what, and how, as a farm file without errors means it. */
export function notifyOf({ values }: FarmFile): FarmNotify {
  const { from, smtp, gather, webhooks, heartbeat, ...rest } = values.notify.values;
  return {
    from,
    smtp,
    gatherMs: gather,
    allowsPrivateWebhooks: rest['private-webhooks'],
    webhooks: new Map(
      [...webhooks].map(([name, { value }]) => {
        const { url, 'secret-env': secretEnv } = value.values;
        return [name, { url, secretEnv }];
      }),
    ),
    heartbeat: { url: heartbeat.values.url, everyMs: heartbeat.values.every },
    subscriptions: subscriptionsOf(values),
  };
}

function subscriptionsOf(values: FarmFile['values']): FarmSubscription[] {
  const subscriptions: FarmSubscription[] = [];
  const mails = (addresses: readonly Located<string>[], scope: Scope): void => {
    for (const { value } of addresses) {
      subscriptions.push({ channel: 'mail', address: value, scope });
    }
  };
  mails(values.notify.values.to, 'farm');
  for (const [name, { value: upstream }] of values.upstreams) {
    for (const [trunk, { value }] of upstream.values.trunks) {
      // Who is named for an upstream and for one of its trunks is told once.
      const known = new Set(value.values.notify.map((each) => each.value));
      const others = upstream.values.notify.filter((each) => !known.has(each.value));
      mails([...value.values.notify, ...others], `trunk/${trunkName(name, trunk)}`);
    }
  }
  for (const [name, { value }] of values.projects) mails(value.values.notify, `project/${name}`);
  for (const [address, { value }] of values.notify.values.webhooks) {
    const about = value.values.about.flatMap((each) => (each.value === '' ? [] : [each.value]));
    for (const scope of about.length === 0 ? (['farm'] as const) : about) {
      subscriptions.push({ channel: 'webhook', address, scope });
    }
  }
  return subscriptions;
}
