import { ageText, aheadText, durationText, etaText } from '@weir/model/layout';

const everyMs = 1_000;
/** How far the farm's clock is ahead of this machine's: ages are told by the farm's. */
let aheadMs = 0;

/** Takes the farm's time from a page that it has just made. */
export function setFarmTime(page: Document): void {
  const made = Number(page.documentElement.dataset['now']);
  if (made > 0) aheadMs = made - Date.now();
}

/** Counts on what the page says of ages, of what is ahead, and of the time that running builds have taken. */
export function keepAgesFresh(): void {
  setFarmTime(document);
  setInterval(() => {
    const now = Date.now() + aheadMs;
    for (const time of document.querySelectorAll('time')) {
      const ms = now - Date.parse(time.dateTime);
      if (time.dataset['age'] !== undefined) setText(time, ageText(ms));
      else if (time.dataset['ahead'] !== undefined) setText(time, aheadText(-ms));
      else if (time.dataset['elapsed'] !== undefined) setText(time, durationText(ms));
      else if (time.dataset['eta'] !== undefined) setText(time, etaText(-ms));
    }
  }, everyMs);
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
