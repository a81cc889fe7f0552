import { create, show } from '../page/dom';
import type { Learnt } from './learnt';

/** The most classes for which the table is shown. More classes would make it too wide. */
const MOST = 6;

/** A small confusion matrix: how often samples of each class were predicted as each class. */
export class Confusions {
  readonly #table: HTMLTableElement;
  readonly #frame: HTMLElement;
  #shown: Learnt['measured'];

  constructor(frame: HTMLElement, table: HTMLTableElement) {
    this.#frame = frame;
    this.#table = table;
  }

  /** Shows the table. Hides it if there are no counts, or too many classes. */
  update(learnt: Learnt | undefined, things: string): void {
    const counts = learnt?.measured?.confusion ?? null;
    const isShown = learnt !== undefined && counts !== null && counts.length <= MOST;
    show(this.#frame, isShown);
    if (!isShown || this.#shown === learnt.measured) return;
    this.#shown = learnt.measured;
    const heads = learnt.labels.map((label) => create('th', { scope: 'col', textContent: label }));
    const rows = counts.map((row, own) => {
      const all = row.reduce((sum, count) => sum + count, 0);
      const head = create('th', { scope: 'row', textContent: learnt.labels[own] ?? '' });
      const cells = row.map((count, taken) => {
        const cell = create('td', { textContent: String(count), className: own === taken ? 'right' : 'wrong' });
        cell.style.setProperty('--share', String(all === 0 ? 0 : count / all));
        return cell;
      });
      return create('tr', {}, head, ...cells);
    });
    this.#table.replaceChildren(
      create('caption', { textContent: `What ${things} of each class (left) were taken for (top)` }),
      create('thead', {}, create('tr', {}, create('td'), ...heads)),
      create('tbody', {}, ...rows),
    );
  }
}
