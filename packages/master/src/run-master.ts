import process from 'node:process';
import { FarmFileErrors } from './farm/farm-file-error.ts';
import { formatFarmErrors } from './farm/format-errors.ts';
import { firstSignal } from './first-signal.ts';
import { openLog } from './log.ts';
import type { Master, MasterOptions } from './master.ts';
import { startMaster } from './master.ts';
import { startPatiently } from './start-patiently.ts';
import { DiskFullError, saysDiskFull } from './store/disk-full.ts';

export type RunMasterOptions = Omit<MasterOptions, 'log'> & { readonly json: boolean };

/** Runs a farm until SIGTERM or SIGINT; SIGHUP reads the farm file again. Resolves with the exit status. */
export async function runMaster(options: RunMasterOptions): Promise<number> {
  const log = await openLog(options.logFormat, 'engine');
  const start = (): Promise<Master> => startMaster({ ...options, log });
  const starting =
    options.databaseUrl === null
      ? start()
      : startPatiently(start, { say: (text) => log.info(text) });
  // Before it has started, too: a SIGHUP that nobody listens to ends a process.
  process.on('SIGHUP', () => {
    void starting.then(
      (started) => started.reload(),
      () => {},
    );
  });
  let master;
  try {
    master = await starting;
  } catch (error) {
    if (error instanceof DiskFullError || saysDiskFull(error)) throw noRoom(options.dataDir, error);
    if (!(error instanceof FarmFileErrors)) throw error;
    const colour = process.stderr.isTTY;
    process.stderr.write(`${formatFarmErrors(error.errors, error.texts, { colour })}\n`);
    return 1;
  }
  const { port, workerPort, places, fingerprint, adminToken } = master;
  const url = `http://${options.host}:${port}`;
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ url, workerPort, fingerprint, adminToken })}\n`
      : introduction({ url, workerPort, places, fingerprint, adminToken }),
  );
  const failed = master.failed.then((why) => ({ why, status: 1 }));
  const told = firstSignal().then((why) => ({ why, status: 0 }));
  const { why, status } = await Promise.race([failed, told]);
  log.info(`stopping: ${why}`);
  await master.stop();
  return status;
}

/** A farm can't start without writing; its builds don't need it meanwhile. */
function noRoom(dataDir: string, cause: unknown): Error {
  return new Error(
    `there is no room in ${dataDir}: make some, and start the farm again. Builds go on until then`,
    { cause },
  );
}

function introduction(
  facts: { url: string } & Pick<Master, 'workerPort' | 'places' | 'fingerprint' | 'adminToken'>,
): string {
  const { url, workerPort, places, fingerprint, adminToken } = facts;
  const { publicUrl, workerUrl } = places;
  const token =
    adminToken === null ? '' : `Admin token    ${adminToken}   (shown this once: keep it)\n`;
  const here = publicUrl === null ? '' : `   (this master itself: ${url}/)`;
  // A path of the workers is a proxy's: this master's own address has none.
  const isBehindProxy = publicUrl === null && workerUrl?.startsWith('/') === true;
  const joined = isBehindProxy ? 'URL' : (publicUrl ?? url);
  const hint = isBehindProxy ? '   (URL: of the proxy before this master)' : '';
  return `Weir is up.

Waterfall      ${publicUrl ?? url}/${here}
Workers        port ${workerPort}, farm key ${fingerprint}
${token}
A volunteer joins by:  weir worker join ${joined} --key ${fingerprint} --name NAME${hint}\n`;
}
