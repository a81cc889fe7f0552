import { button, create, show } from './dom';

export interface Question {
  readonly question: string;
  readonly yes: string;
  readonly no: string;
}

/** Asks in place, before something is lost. Escape means no. */
export class Confirm {
  readonly root: HTMLElement;
  readonly #no: HTMLButtonElement;
  readonly #onOpen: (isOpen: boolean) => void;

  constructor({ question, yes, no }: Question, onOpen: (isOpen: boolean) => void, onAnswer: (answer: boolean) => void) {
    this.#onOpen = onOpen;
    const answer = (given: boolean): void => {
      this.close();
      onAnswer(given);
    };
    this.#no = button(no, () => answer(false));
    const sure = button(yes, () => answer(true), 'danger');
    const text = create('p', { id: 'confirm-text' }, question);
    this.root = create(
      'div',
      { className: 'confirm stack', hidden: true, attributes: { role: 'group', 'aria-labelledby': 'confirm-text' } },
      text,
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
