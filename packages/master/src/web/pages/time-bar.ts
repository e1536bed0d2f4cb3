import type { ApiBuild, ApiStep } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';

/** Of the picture, in units of its own; it is as wide as there is room. */
const width = 1_000;
/** So that the shortest step can be seen. */
const minWidth = 4;

/**
 * When in its build a step ran, as a bar. It repeats what is beside it in words, so it is hidden from
 * screen readers. SVG, because the pages' policy takes no inline styles.
 */
export function timeBar(step: ApiStep, build: ApiBuild, now: number): Html | null {
  if (step.startedAt === null) return null;
  const begin = build.startedAt;
  const whole = Math.max(1, (build.finishedAt ?? now) - begin);
  const place = (at: number): number => Math.round(((at - begin) / whole) * width);
  const left = Math.min(Math.max(0, place(step.startedAt)), width - minWidth);
  const right = Math.min(width, place(step.finishedAt ?? build.finishedAt ?? now));
  return html`<svg class="time-bar" viewBox="0 0 ${width} 10" preserveAspectRatio="none" aria-hidden="true">
    <rect x="${left}" y="0" width="${Math.max(minWidth, right - left)}" height="10" />
  </svg>`;
}
