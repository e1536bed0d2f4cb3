import { deliverySchema, deliveryStates, noticeSchema, reasonBodySchema } from '@weir/protocol';
import { z } from 'zod';
import type { WebContext } from '../context.ts';
import { listDeliveries, listNotices, readDelivery, readNotice } from '../read/notices.ts';
import { found, idOf, nameFilter, pageOf, pageQuery } from './asked.ts';
import type { Door } from './door.ts';
import { door } from './door.ts';

/** What people are told, and how far that came. */
export function noticeDoors({ db, sendCommand }: WebContext): Door[] {
  return [
    door({
      path: '/api/v1/notices',
      summary: 'Notices, newest first',
      query: pageQuery.extend({ about: nameFilter.describe('such as breakage/7') }),
      answer: pageOf(noticeSchema),
      handle: ({ query }) => listNotices(db, query),
    }),
    door({
      path: '/api/v1/notices/{id}',
      summary: 'One notice',
      answer: noticeSchema,
      handle: async ({ subject }) =>
        found(await readNotice(db, idOf(subject, 'notice')), 'notice', subject),
    }),
    door({
      path: '/api/v1/deliveries',
      summary:
        'The ways of notices to their recipients, newest first; addresses in full for who is signed in',
      query: pageQuery.extend({
        notice: z.coerce.number().int().positive().optional(),
        state: z.enum(deliveryStates).optional(),
      }),
      answer: pageOf(deliverySchema),
      handle: ({ query, actor }) => listDeliveries(db, query, { isVisitor: actor === '' }),
    }),
    door({
      path: '/api/v1/deliveries/{id}',
      summary: 'One delivery',
      answer: deliverySchema,
      handle: async ({ subject, actor }) => {
        const viewer = { isVisitor: actor === '' };
        const delivery = await readDelivery(db, idOf(subject, 'delivery'), viewer);
        return found(delivery, 'delivery', subject);
      },
    }),
    door({
      method: 'post',
      path: '/api/v1/deliveries/{id}/retry',
      summary: 'Have a delivery tried again at once',
      body: reasonBodySchema,
      answer: deliverySchema,
      handle: async ({ subject, actor, body }) => {
        const id = idOf(subject, 'delivery');
        await sendCommand(actor, { t: 'retry-delivery', delivery: id, reason: body.reason });
        return found(await readDelivery(db, id, { isVisitor: false }), 'delivery', subject);
      },
    }),
  ];
}
