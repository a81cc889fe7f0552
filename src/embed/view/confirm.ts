import { button, buttons, create, show, stack } from './panel_elements';

/** Asks before everything is forgotten, in the place of the buttons that lead to the question. Escape means no. */
export class Confirm {
  readonly root: HTMLElement;
  /** The button that changes nothing. */
  readonly landing: HTMLElement;
  readonly #replaced: HTMLElement;

  /** `replaced`: hidden while the question is shown. */
  constructor(replaced: HTMLElement, onAnswer: (answer: boolean) => void) {
    this.#replaced = replaced;
    const answer = (given: boolean): void => {
      this.close();
      onAnswer(given);
    };
    this.landing = button('Keep', () => answer(false));
    const sure = button('Forget', () => answer(true), 'danger');
    const question = 'Forget all examples, and all that it has learnt? This can’t be undone.';
    this.root = stack('confirm', create('p', {}, question), buttons(this.landing, sure));
    this.root.setAttribute('role', 'group');
    this.root.setAttribute('aria-label', 'Forget everything?');
    this.root.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation(); // closes the question, and nothing around it
      answer(false);
    });
    show(this.root, false);
  }

  ask(): void {
    this.#open(true);
    this.landing.focus();
  }

  close(): void {
    if (!this.root.hidden) this.#open(false);
  }

  #open(isOpen: boolean): void {
    show(this.root, isOpen);
    show(this.#replaced, !isOpen);
  }
}
