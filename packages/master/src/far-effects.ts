import { sendCall } from './calls.ts';
import type { Effects } from './effects.ts';
import type { Store } from './store/store.ts';

/**
 * The effects where no engine is. The engines hear of every write by the event log; only what stands
 * nowhere is said to them.
 */
export function farEffects(store: Pick<Store, 'call'>): Effects {
  return {
    requestWaits: () => {},
    requestGone: () => {},
    cancelBuild: () => {},
    workerChanged: async () => {},
    askWorker: (worker, ask) => sendCall(store, { t: 'ask-worker', worker, ask }),
    builderChanged: async () => {},
    farmChanged: async () => {},
    poll: (branches, farmFile) => sendCall(store, { t: 'poll', branches: [...branches], farmFile }),
    noticesChanged: () => {},
  };
}
