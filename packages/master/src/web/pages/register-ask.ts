import type { Farm } from '@weir/model';
import { isMailAddress } from '@weir/model';
import { workerNameSchema } from '@weir/protocol';
import type { Request } from 'express';
import { all, one } from './waterfall-ask.ts';

/** What a volunteer chose: it stands in the address, and nowhere else until the machine asks. */
export interface RegisterAsk {
  readonly name: string;
  readonly owner: string;
  readonly slots: string;
  /** Chosen projects; none: all of them. */
  readonly projects: readonly string[];
  readonly invite: string | undefined;
  /** What has to be mended first, by field; empty when nothing was filled in yet. */
  readonly wrong: ReadonlyMap<'name' | 'owner' | 'slots' | 'invite', string>;
}

const maxSlots = 256;

export function registerAsk(request: Request, farm: Farm): RegisterAsk {
  const name = one(request, 'name') ?? '';
  const owner = one(request, 'owner') ?? '';
  const slots = one(request, 'slots') ?? '1';
  const invite = one(request, 'invite');
  const projects = all(request, 'project').filter((project) => farm.projects.has(project));
  const wrong = new Map<'name' | 'owner' | 'slots' | 'invite', string>();
  if (name !== '' && !workerNameSchema.safeParse(name).success) {
    wrong.set('name', 'Letters, digits, dot, dash and underscore; at most 63.');
  }
  if (owner !== '' && !isMailAddress(owner)) wrong.set('owner', 'This is no mail address.');
  if (!/^\d+$/.test(slots) || Number(slots) < 1 || Number(slots) > maxSlots) {
    wrong.set('slots', `A whole number from 1 to ${maxSlots}.`);
  }
  if (invite !== undefined && !/^[\w-]{1,100}$/.test(invite)) {
    wrong.set('invite', 'This is no invitation.');
  }
  return { name, owner, slots, projects, invite, wrong };
}

/** Whether there is enough to make the command of. */
export function isWhole({ name, wrong }: RegisterAsk): boolean {
  return name !== '' && wrong.size === 0;
}
