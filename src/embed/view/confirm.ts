import { button, create, show } from './dom';

/** Asks in place, before all is forgotten. Escape means no. */
export class Confirm {
  readonly root: HTMLElement;
  readonly #no: HTMLButtonElement;
  readonly #onOpen: (isOpen: boolean) => void;

  constructor(onOpen: (isOpen: boolean) => void, onAnswer: (answer: boolean) => void) {
    this.#onOpen = onOpen;
    const answer = (given: boolean): void => {
      this.close();
      onAnswer(given);
    };
    this.#no = button('Keep', () => answer(false));
    const sure = button('Forget', () => answer(true), 'danger');
    const question = 'Forget all examples, and all that it has learnt? This can’t be undone.';
    this.root = create(
      'div',
      { className: 'confirm stack', hidden: true, attributes: { role: 'group', 'aria-label': 'Forget everything?' } },
      create('p', {}, question),
      create('div', { className: 'actions' }, this.#no, sure),
    );
    this.root.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation(); // it closes the question, and nothing around it
      answer(false);
    });
  }

  /** The harmless answer. */
  get landing(): HTMLElement {
    return this.#no;
  }

  ask(): void {
    show(this.root, true);
    this.#onOpen(true);
    this.#no.focus();
  }

  close(): void {
    if (this.root.hidden) return;
    show(this.root, false);
    this.#onOpen(false);
  }
}
