import type { LabelScore } from 'webvera';
import { counted } from '../../../../src/parts/words';
import { create, setText } from '../../page/dom';
import { formatShare } from '../../page/format';
import { KeyedRows } from '../../page/keyed_rows';
import type { ClassesApp } from '../app';
import { type ClassOf, samplesOf } from '../class_set';
import type { Learnt } from '../learnt';
import { ClassField, classControls } from './class_field';

/** A button that adds the current input to a class. */
export interface Teaching {
  readonly button: HTMLButtonElement;
  /** Updates the button for the class' current name, and enables or disables it. */
  update(one: ClassOf): void;
}

/** The classes, each with its name, its probability as a bar, and a button that adds the current input to it. */
export class ClassRows<Content> {
  readonly #rows: KeyedRows<number, ClassOf>;
  readonly #bars = new Map<number, (score: number | undefined, isBest: boolean) => void>();
  readonly #teachings = new Map<number, () => void>();

  constructor(app: ClassesApp<Content>, list: HTMLElement, teachingOf: (id: number) => Teaching) {
    const { store, kind } = app;
    this.#rows = new KeyedRows(list, (id: number) => {
      const field = new ClassField(app, id);
      const count = create('span', { className: 'facts' });
      const value = create('span', { className: 'bar-value' });
      const fill = create('span', { className: 'bar-fill' });
      const track = create('span', { className: 'bar-track', attributes: { 'aria-hidden': 'true' } }, fill);
      const { button, update: updateTeaching } = teachingOf(id);
      const root = create(
        'li',
        { className: 'class-row' },
        field.input,
        value,
        button,
        track,
        count,
        field.removeButton,
      );
      this.#bars.set(id, (score, isBest) => {
        setText(value, score === undefined ? '' : formatShare(score));
        fill.style.width = `${100 * (score ?? 0)}%`;
        root.toggleAttribute('data-best', isBest);
      });
      const update = (one: ClassOf): void => {
        field.update(one);
        setText(count, counted(samplesOf(store.value.set, id).length, kind.thing));
        updateTeaching(one);
        this.#teachings.set(id, () => updateTeaching(one));
      };
      return { root, update };
    });
    store.watch(({ set, busy }, before) => {
      const classes = new Map(set.classes.map((one) => [one.id, one]));
      for (const id of this.#bars.keys()) if (!classes.has(id)) this.#drop(id);
      this.#rows.show(classes);
      if (busy !== before.busy) this.updateTeaching();
    });
    classControls(app, list);
  }

  /** Forgets the bar and the teaching button of a removed class. */
  #drop(id: number): void {
    this.#bars.delete(id);
    this.#teachings.delete(id);
  }

  /** Updates the teaching buttons, after the current input or the page's state has changed. */
  updateTeaching(): void {
    for (const update of this.#teachings.values()) update();
  }

  /** Shows a probability for each class, or none while there are no scores. */
  showScores(learnt: Learnt | undefined, scores: readonly LabelScore[] = []): void {
    const best = Math.max(...scores.map(({ score }) => score));
    for (const [id, update] of this.#bars) {
      const score = scores[learnt?.classIds.indexOf(id) ?? -1]?.score;
      update(score, score !== undefined && score === best);
    }
  }
}
