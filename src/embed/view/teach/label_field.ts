import { create } from '../dom';

/** A choice of the model's labels. */
export class LabelField {
  readonly root: HTMLElement;
  readonly #select = create('select', { id: 'label', lang: '', dir: 'auto', attributes: { part: 'field' } });

  constructor(text: string) {
    this.root = create('div', {}, create('label', { htmlFor: 'label' }, text), this.#select);
  }

  /** '' as long as there are none. */
  get value(): string {
    return this.#select.value;
  }

  offer(labels: readonly string[]): void {
    if (labels.length === 0 || [...this.#select.options].map(({ value }) => value).join() === labels.join()) return;
    this.#select.replaceChildren(...labels.map((label) => create('option', { value: label }, label)));
  }
}
