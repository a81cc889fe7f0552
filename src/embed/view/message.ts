import { formatBytes } from '../../parts/words';
import { create, quiet, setText, show, slot, stack } from './panel_elements';
import type { Region, Shown } from './region';

/** The last error with its hint, a missing GPU, or a note that the profile was forgotten. */
export class Message implements Region {
  readonly root: HTMLElement;
  readonly #text = create('p');
  readonly #hint = quiet();
  readonly #box: HTMLElement;
  readonly #unsupported: HTMLElement;
  readonly #reason = quiet();

  constructor() {
    const needed = 'It needs WebGPU, with which pages compute on the graphics card, and there is none here.';
    this.#box = create('div', { attributes: { part: 'message', role: 'alert' } }, this.#text, this.#hint);
    this.#unsupported = stack('unsupported', slot('unsupported', create('p', {}, needed)), this.#reason);
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
  const how =
    forgotten.bytes === undefined
      ? 'It was forgotten in another tab.'
      : `Forgotten: ${formatBytes(forgotten.bytes)} are deleted.`;
  return `${how} It begins anew with what you teach it next.`;
}
