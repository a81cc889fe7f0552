import { create } from '../ui/dom';
import type { Bar } from './figures';

/** A list to look at: each entry's name, its bar, and its value in words. */
export function showBars(list: HTMLElement, bars: readonly Bar[]): void {
  list.replaceChildren(
    ...bars.map(({ name, length, value, time }) =>
      create(
        'li',
        { className: time === undefined ? 'bar whole' : 'bar' },
        create('span', { className: 'bar-name', textContent: name }),
        create('span', { className: 'bar-value', textContent: value }),
        create(
          'span',
          { className: 'bar-track', aria: { 'aria-hidden': 'true' } },
          filled('bar-fill', length),
          ...(time === undefined ? [] : [filled('bar-fill time', time)]),
        ),
      ),
    ),
  );
}

function filled(className: string, share: number): HTMLElement {
  const bar = create('span', { className });
  bar.style.width = `${100 * share}%`;
  return bar;
}
