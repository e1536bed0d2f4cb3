/**
 * What a farm keeps in its data folder. All else there (mirrors, copies from before migrations, the
 * lock) is made anew where it is missing, and is no part of a backup.
 */

/** Facts and events. */
export const storeFile = 'weir.sqlite';
/** Logs by week; finished ones as objects below `packed`. */
export const logsFolder = 'logs';
/** Objects by their hash. Of those, a backup holds what can't be made anew. */
export const objectsFolder = 'objects';
/** The farm's own key, which workers pin. */
export const keyFile = 'farm-key.pem';
/** Mails, where no mail server is set. */
export const mailsFolder = 'outbox';
