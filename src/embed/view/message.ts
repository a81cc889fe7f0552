import { create, setText, show, slot } from './dom';
import type { Region, Shown } from './region';
import { bytesInWords } from './words';

/** What went wrong, and what is worth knowing. */
export class Message implements Region {
  readonly root: HTMLElement;
  readonly #text = create('p');
  readonly #hint = create('p', { className: 'quiet' });
  readonly #box: HTMLElement;
  readonly #unsupported: HTMLElement;
  readonly #reason = create('p', { className: 'quiet' });

  constructor() {
    this.#box = create('div', { attributes: { part: 'message', role: 'alert' } }, this.#text, this.#hint);
    this.#unsupported = create(
      'div',
      { className: 'unsupported stack' },
      slot(
        'unsupported',
        create('p', {}, 'It needs WebGPU, with which pages compute on the graphics card, and there is none here.'),
      ),
      this.#reason,
    );
    this.root = create('div', { className: 'messages' }, this.#unsupported, this.#box);
  }

  update({ learner: { status }, trouble }: Shown): void {
    const { error, forgotten } = status;
    show(this.#unsupported, trouble !== undefined);
    setText(this.#reason, trouble === undefined ? '' : `${trouble.message}. ${trouble.hint}`);
    const shown = trouble !== undefined ? undefined : error;
    this.#box.classList.toggle('bad', shown !== undefined);
    setText(this.#text, shown?.message ?? noteOf(forgotten));
    setText(this.#hint, shown?.hint ?? '');
    show(this.#hint, this.#hint.textContent !== '');
    show(this.#box, this.#text.textContent !== '');
  }

  landing(): undefined {}
}

function noteOf(forgotten: { readonly bytes: number | undefined } | undefined): string {
  if (forgotten === undefined) return '';
  if (forgotten.bytes === undefined)
    return 'It was forgotten in another tab. It begins anew with what you teach it next.';
  return `Forgotten: ${bytesInWords(forgotten.bytes)} are deleted. It begins anew with what you teach it next.`;
}
