import { create } from './dom';

/** A bar beside its name, and what it stands for. */
export interface Bar {
  readonly name: string;
  /** Of the whole length, at most 1. */
  readonly length: number;
  readonly value: string;
  /** The length of a second bar below. */
  readonly time?: number;
  /** Whether it steps back behind others; those with a second bar do. */
  readonly quiet?: boolean;
}

/** A list to look at: each entry's name, its bar, and its value in words. */
export function showBars(list: HTMLElement, bars: readonly Bar[]): void {
  list.replaceChildren(
    ...bars.map(({ name, length, value, time, quiet = time !== undefined }) =>
      create(
        'li',
        { className: quiet ? 'bar' : 'bar whole' },
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
