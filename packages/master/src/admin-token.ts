import { createHash, randomBytes } from 'node:crypto';
import { getSetting, putSetting } from './store/settings.ts';
import type { Store } from './store/store.ts';

/** Names of the settings that the web thread checks sign-ins by. */
export const adminTokenSetting = 'admin-token-sha256';
export const cookieSecretSetting = 'cookie-secret';

/**
 * Sees to it that there is an admin token, stored as its hash alone, and a secret for cookies.
 * The token itself when it was made just now, so that it can be shown this once.
 */
export async function ensureAdminToken(
  store: Store,
  options: { given: string | null; reset: boolean },
): Promise<string | null> {
  const isKnown = (await getSetting(store.read, adminTokenSetting)) !== undefined;
  const isMade = options.given === null && (options.reset || !isKnown);
  const token = isMade ? randomBytes(24).toString('hex') : options.given;
  await store.unit(async (db) => {
    if ((await getSetting(db, cookieSecretSetting)) === undefined) {
      await putSetting(db, cookieSecretSetting, randomBytes(32).toString('base64url'));
    }
    if (token === null) return;
    await putSetting(db, adminTokenSetting, createHash('sha256').update(token).digest('hex'));
  });
  return isMade ? token : null;
}
