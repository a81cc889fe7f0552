import { create } from '../../page/dom';

/** Shows a growing text: the prompt, and the model's continuation. */
export class PageOfText {
  readonly #root: HTMLElement;
  readonly #given = create('span', { className: 'given' });
  readonly #shown = document.createTextNode('');
  #prompt = '';
  #text = '';
  #key = '';

  constructor(root: HTMLElement) {
    this.#root = root;
    root.replaceChildren(this.#given, this.#shown);
  }

  get text(): string {
    return this.#text;
  }

  /** Shows a prompt without a continuation, as before anything is written. */
  rest(prompt: string): void {
    this.begin(prompt, '');
    this.end();
  }

  /** Marks the text as busy, because more of it will come. */
  wait(): void {
    this.#root.setAttribute('aria-busy', 'true');
  }

  /** Begins a text. If `key` is the shown text's, the same text is written again, so the old one stays until the new one is as long. */
  begin(prompt: string, key: string): void {
    if (key === '' || key !== this.#key) this.#shown.data = '';
    this.#key = key;
    this.#text = '';
    this.#prompt = prompt;
    this.#given.textContent = prompt;
    this.wait();
  }

  add(text: string): void {
    this.#text += text;
    if (this.#text.length >= this.#shown.data.length) this.#shown.data = this.#text;
  }

  /** Ends the text, and replaces a last word that may be truncated by “…”. */
  end(): void {
    this.#root.removeAttribute('aria-busy');
    this.#shown.data = this.#shown.data.replace(/(?<=[^.!?"\s])\s+[^\s.!?"]{1,15}$/, ' …');
  }

  /** Shows a whole text at once. */
  show(prompt: string, text: string): void {
    this.begin(prompt, '');
    this.add(text);
    this.end();
  }

  get whole(): string {
    return this.#prompt + this.#text;
  }
}
