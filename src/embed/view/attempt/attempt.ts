import type { Generation, GenerationConfig } from '../../../index';
import { button, buttons, create, field, setText, show, stack } from '../panel_elements';
import { type Announce, firstUsable, type Region, type Shown } from '../region';

/** Varied text that still makes sense. */
const SAMPLING: GenerationConfig = { max_new_tokens: 80, do_sample: true, temperature: 0.8, top_k: 50 };

/** Continues a visitor's text with the model. */
export class Attempt implements Region {
  readonly root: HTMLElement;
  readonly #prompt = field('prompt', 'How it begins', { rows: 2 });
  readonly #output = create('p', { className: 'output', lang: '', dir: 'auto', attributes: { part: 'output' } });
  readonly #write: HTMLButtonElement;
  readonly #stop: HTMLButtonElement;
  readonly #generate: (prompt: string, config: GenerationConfig) => Generation;
  readonly #announce: Announce;
  #writing: AbortController | undefined;

  constructor(generate: (prompt: string, config: GenerationConfig) => Generation, announce: Announce) {
    this.#generate = generate;
    this.#announce = announce;
    this.#write = button('Write', () => this.#begin(), 'primary');
    this.#stop = button('Stop', () => this.#writing?.abort());
    const row = buttons(this.#write, this.#stop);
    this.root = stack('attempt', create('h3', {}, 'Try'), this.#prompt.root, row, this.#output);
    this.#prompt.input.addEventListener('input', () => this.#show());
    this.#show();
  }

  update({ learner }: Shown): void {
    if (learner.model === undefined) this.#writing?.abort();
    // A text that a forgotten profile wrote is removed with the profile.
    if (learner.status.forgotten !== undefined && this.#writing === undefined) this.#output.replaceChildren();
    this.#show();
  }

  landing(): HTMLElement | undefined {
    return firstUsable(this.#stop, this.#write, this.#prompt.input);
  }

  close(): void {
    this.#writing?.abort();
  }

  async #begin(): Promise<void> {
    const writing = new AbortController();
    this.#writing = writing;
    const prompt = this.#prompt.input.value;
    const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
    const written = document.createTextNode('');
    this.#output.replaceChildren(create('span', { className: 'given' }, prompt), written);
    this.#output.setAttribute('aria-busy', 'true');
    this.#show();
    this.#stop.focus();
    try {
      for await (const { text } of this.#generate(prompt, { ...SAMPLING, seed, signal: writing.signal })) {
        written.data += text;
      }
    } catch {
      // The panel shows the error.
    }
    this.#writing = undefined;
    this.#output.removeAttribute('aria-busy');
    if (written.data.trim() !== '') this.#announce(`Written: ${written.data}`);
    const hadFocus = isFocused(this.#stop);
    this.#show();
    if (hadFocus) this.#write.focus();
  }

  #show(): void {
    const isWriting = this.#writing !== undefined;
    show(this.#write, !isWriting);
    show(this.#stop, isWriting);
    show(this.#output, this.#output.hasChildNodes());
    setText(this.#write, this.#output.hasChildNodes() ? 'Write again' : 'Write');
    this.#write.disabled = this.#prompt.input.value.trim() === '';
  }
}

function isFocused(element: HTMLElement): boolean {
  return (element.getRootNode() as ShadowRoot).activeElement === element;
}
