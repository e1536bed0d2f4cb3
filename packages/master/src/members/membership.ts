import type { Kysely } from 'kysely';
import type { Log } from '../log.ts';
import type { NewEvent } from '../store/events.ts';
import { recordEvents } from '../store/events.ts';
import type { MemberRole, MemberRow } from '../store/members.ts';
import {
  allMembers,
  deadAfterMs,
  deleteMember,
  deleteSilentMembers,
  insertMember,
  livingEngines,
  restoreMember,
  setLeader,
  setMemberHeard,
} from '../store/members.ts';
import { setOffline, workersOfNobody } from '../store/presence.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';

const beatMs = 5_000;

interface Joined {
  readonly id: number;
  readonly namesakes: ReadonlySet<number>;
}

export interface MembershipOptions {
  readonly store: Pick<Store, 'unit' | 'read' | 'now'>;
  readonly log: Log;
  readonly role: MemberRole;
  /** What the machine is called, or what it was told to be called. */
  readonly name: string;
  /** Of the program. */
  readonly version: string;
}

/** This process's place among those of its farm: a row that says every few seconds that it is there. */
export class Membership {
  readonly id: number;
  readonly #options: MembershipOptions;
  readonly #startedAt: number;
  readonly #beating: NodeJS.Timeout;
  /** Those of its name that were there before it: it was killed and started again, or they are others. */
  #namesakes: ReadonlySet<number>;
  #heardAt: number;
  /** Since then it said that it is there without a gap: else it does not know who else is. */
  #steadySince: number;

  private constructor(options: MembershipOptions, own: Joined, at: number) {
    this.#options = options;
    this.id = own.id;
    this.#namesakes = own.namesakes;
    this.#startedAt = at;
    this.#heardAt = at;
    this.#steadySince = at;
    this.#beating = setInterval(() => {
      this.beat().catch((error: unknown) => options.log.warn(String(error)));
    }, beatMs).unref();
  }

  static async join(options: MembershipOptions): Promise<Membership> {
    const { store, role, name, version } = options;
    const at = store.now();
    const own = await store.unit(async (db) => {
      const isNamesake = (other: MemberRow): boolean => other.role === role && other.name === name;
      const namesakes = (await allMembers(db)).filter(isNamesake).map((other) => other.id);
      const id = await insertMember(db, { role, name, version, at });
      await recordEvents(db, [memberEvent('joined', { id, role, name, version }, at)]);
      return { id, namesakes: new Set(namesakes) };
    });
    return new Membership(options, own, at);
  }

  /** The other engines that are alive. Runs in a unit. */
  async others(db: Kysely<Database>): Promise<number[]> {
    const living = await livingEngines(db, this.#options.store.now());
    return living.filter((id) => id !== this.id);
  }

  /** Says that it is there. */
  async beat(): Promise<void> {
    const { store, role, name, version } = this.#options;
    await store.unit(
      async (db) => {
        const at = store.now();
        if (await setMemberHeard(db, this.id, at)) return;
        const times = { started_at: this.#startedAt, heard_at: at };
        await restoreMember(db, { id: this.id, role, name, version, ...times });
      },
      { isGuarded: true },
    );
    const at = store.now();
    if (at - this.#heardAt > deadAfterMs / 2) this.#steadySince = at;
    this.#heardAt = at;
    await this.#tellNamesakes();
  }

  /** Nobody could tell the two apart. One that was killed is silent from then on. */
  async #tellNamesakes(): Promise<void> {
    if (this.#namesakes.size === 0) return;
    const { store, log, role, name } = this.#options;
    const members = await allMembers(store.read);
    const left = members.filter((member) => this.#namesakes.has(member.id));
    this.#namesakes = new Set(left.map(({ id }) => id));
    if (!left.some((member) => member.heard_at > this.#startedAt)) return;
    log.warn(`another ${role} of this farm is called ${name}, too: give each its own --name`);
    this.#namesakes = new Set();
  }

  /** This engine leads from now on. */
  async lead(): Promise<void> {
    const { store } = this.#options;
    await store.unit(async (db) => {
      await setLeader(db, this.id);
      await recordEvents(db, [memberEvent('leads', this.#facts, store.now())]);
    });
  }

  /**
   * Drops the members that are dead, and with them what they held: their workers are offline. Not
   * before this one was there without a gap for as long as it takes to know.
   */
  async dropDead(): Promise<void> {
    const { store } = this.#options;
    const since = store.now() - deadAfterMs;
    if (this.#steadySince > since || store.now() - this.#heardAt > deadAfterMs / 2) return;
    const members = await allMembers(store.read);
    const areSilent = members.some(({ heard_at: heardAt }) => heardAt < since);
    if (!areSilent && (await workersOfNobody(store.read)).length === 0) return;
    await store.unit(async (db) => {
      const at = store.now();
      const dropped = await deleteSilentMembers(db, since);
      const events = dropped.map((member) => memberEvent('lost', member, at));
      for (const { id, name, engine } of await workersOfNobody(db)) {
        if (!(await setOffline(db, id, { at, engine }))) continue;
        const about = { actor: 'engine', subject: `worker/${name}` };
        events.push({ at, kind: 'worker.offline', ...about, data: {} });
      }
      await recordEvents(db, events);
    });
  }

  /** It ends, and says so. */
  async leave(): Promise<void> {
    clearInterval(this.#beating);
    const { store } = this.#options;
    await store.unit(async (db) => {
      await deleteMember(db, this.id);
      await recordEvents(db, [memberEvent('left', this.#facts, store.now())]);
    });
  }

  get #facts(): { id: number; role: MemberRole; name: string; version: string } {
    const { role, name, version } = this.#options;
    return { id: this.id, role, name, version };
  }
}

function memberEvent(
  verb: 'joined' | 'leads' | 'left' | 'lost',
  { id, role, name, version }: { id: number; role: MemberRole; name: string; version: string },
  at: number,
): NewEvent {
  const about = { actor: role, subject: `member/${name}` };
  return { at, kind: `member.${verb}`, ...about, data: { id, role, version } };
}
