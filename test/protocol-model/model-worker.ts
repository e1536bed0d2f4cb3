import { Agent } from '../../packages/worker/src/agent/agent.ts';
import type { Dial } from '../../packages/worker/src/link/dial.ts';
import type { WorkerKey } from '../../packages/worker/src/link/worker-key.ts';
import { FakeRunner } from './fake-runner.ts';
import type { Dropping } from './fake-runner.ts';
import type { Ledger } from './ledger.ts';
import { Life } from './life.ts';
import { Wire } from './network.ts';
import type { Accept } from './network.ts';

export interface WorkerPlace {
  readonly name: string;
  readonly slots: number;
  readonly dataDir: string;
  readonly key: WorkerKey;
  /** The fingerprint of the farm's key. */
  readonly farmKey: string;
  readonly ledger: Ledger;
  readonly accept: Accept;
  readonly dropping: Dropping;
  readonly say: (message: string) => void;
}

/** A worker's machine: the real agent over slots with fake runners, which outlive it. */
export class ModelWorker {
  readonly name: string;
  readonly #place: WorkerPlace;
  readonly #runners = new Map<string, FakeRunner>();
  /** Connections that some end still believes in, oldest first. */
  wires: Wire[] = [];
  #life: Life | undefined;
  #agent: Agent | undefined;
  /** Its owner's word, which outlives the agent. */
  #slots: number;
  /** Why the agent ended by itself. */
  ended: string | undefined;

  constructor(place: WorkerPlace) {
    this.name = place.name;
    this.#place = place;
    this.#slots = place.slots;
  }

  get isRunning(): boolean {
    return this.#life?.isAlive === true && this.ended === undefined;
  }

  get agent(): Agent | undefined {
    return this.isRunning ? this.#agent : undefined;
  }

  /** The newest connection. */
  get wire(): Wire | undefined {
    return this.wires.at(-1);
  }

  /** Runners by slot. */
  get runners(): FakeRunner[] {
    return [...this.#runners.values()].filter(({ isAlive }) => isAlive);
  }

  start(): void {
    const life = new Life(`agent of ${this.name}`);
    this.#life = life;
    this.ended = undefined;
    life.run(() => {
      const { name, dataDir, key, farmKey, say } = this.#place;
      const agent = new Agent({
        url: 'ws://farm.test',
        dial: this.#dial,
        name,
        owner: '',
        invite: undefined,
        slots: this.#slots,
        labels: ['linux'],
        facts: {},
        dataDir,
        key,
        farmKey,
        sandbox: {
          kind: 'none',
          limits: [],
          objectsPath: (mirror) => mirror,
          runtimePath: ({ runtime }) => runtime,
          command: () => {
            throw new Error('nothing is spawned here');
          },
        },
        remotes: {},
        farm: 'http://farm.test',
        findRunner: async (slotDir, onEvent) => this.#runner(slotDir).connect(onEvent),
        policy: { onlyUpstreams: [], onlyProjects: [], allowsContainers: true },
        minFreeBytes: 0,
        runtimeBytes: 1e9,
        quietHours: [],
        paused: null,
        isPauseUnsaid: false,
        keep: ({ slots }) => (this.#slots = slots ?? this.#slots),
        say: (message) => say(`${name}: ${message}`),
      });
      this.#agent = agent;
      agent.run().then(
        () => (this.ended = 'it ended'),
        (error: unknown) => (this.ended = String(error)),
      );
    });
  }

  /** Its owner gives more slots, or fewer. */
  resize(slots: number): void {
    this.#life?.run(() => void this.#agent?.resize(slots));
  }

  /** kill -9. When it is silent, nobody tells the farm: the machine is cut off with it. */
  kill({ isSilent }: { isSilent: boolean }): void {
    this.#life?.kill();
    for (const wire of this.wires) {
      if (isSilent) wire.cut({ farm: false, worker: false });
      else wire.put('to farm', { t: 'end' });
    }
  }

  readonly #dial: Dial = () => {
    const wire = new Wire(this.#place.accept);
    this.wires.push(wire);
    // What the agent uses of a WebSocket is all there.
    return wire.worker as unknown as ReturnType<Dial>;
  };

  #runner(slotDir: string): FakeRunner {
    const known = this.#runners.get(slotDir);
    if (known?.isAlive === true) return known;
    const { name, ledger, dropping } = this.#place;
    const runner = new FakeRunner(slotDir, name, ledger, dropping);
    this.#runners.set(slotDir, runner);
    return runner;
  }
}
