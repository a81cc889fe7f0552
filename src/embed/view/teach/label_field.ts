import { create } from '../panel_elements';
import type { Shown } from '../region';

/** A choice of the model's labels. */
export class LabelField {
  readonly root: HTMLElement;
  readonly #select = create('select', { id: 'label', lang: '', dir: 'auto', attributes: { part: 'field' } });

  constructor(text: string) {
    this.root = create('div', {}, create('label', { htmlFor: 'label' }, text), this.#select);
  }

  /** The chosen label; '' before a model is loaded. */
  get value(): string {
    return this.#select.value;
  }

  update({ learner }: Shown): void {
    const labels = Object.values(learner.model?.config.id2label ?? {});
    if (labels.length === 0 || [...this.#select.options].map(({ value }) => value).join() === labels.join()) return;
    this.#select.replaceChildren(...labels.map((label) => create('option', { value: label }, label)));
  }
}
