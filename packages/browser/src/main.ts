import { keepAgesFresh } from './ages.ts';
import { followLog } from './follow-log.ts';
import { keepFresh } from './live.ts';

keepAgesFresh();
keepFresh();
const log = document.querySelector<HTMLElement>('[data-log][data-from]');
if (log !== null) followLog(log);
