export { formatFarmErrors } from './farm/format-errors.ts';
export { readFarmFile, readFarmText } from './farm/read-farm-file.ts';
export type { FarmReading } from './farm/read-farm-file.ts';
export { stderrLog } from './log.ts';
export type { Log } from './log.ts';
export { FarmFileErrors, startMaster } from './master.ts';
export type { Master, MasterOptions } from './master.ts';
export { runMaster } from './run-master.ts';
export type { RunMasterOptions } from './run-master.ts';
