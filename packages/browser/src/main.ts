import { keepAgesFresh } from './ages.ts';
import { offerCopies } from './copy.ts';
import { followLog } from './follow-log.ts';
import { listenToKeys } from './keys.ts';
import { keepFresh } from './live.ts';

keepAgesFresh();
keepFresh();
offerCopies();
listenToKeys();
const log = document.querySelector<HTMLElement>('[data-log][data-from]');
if (log !== null) followLog(log);
