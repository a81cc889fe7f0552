import { create } from './dom';

/** A bar with a name and a value. */
export interface Bar {
  readonly name: string;
  /** The length of the bar as a share of the full length, from 0 to 1. */
  readonly length: number;
  readonly value: string;
  /** The length of a second bar below the first, as a share of the full length. A bar without a second bar is emphasised. */
  readonly time?: number;
}

/** Shows bars in a list, each with its name and its value as text. */
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
          { className: 'bar-track', attributes: { 'aria-hidden': 'true' } },
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
