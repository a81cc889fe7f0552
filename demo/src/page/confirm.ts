import { Serial } from '../library/serial';
import { byId, onClick } from './dom';

export interface Question {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly no: string;
}

/** Asks the visitor for confirmation before something is lost. The Escape key answers no. */
export class Confirm {
  readonly #dialog = byId('confirm', 'dialog');
  readonly #yes = byId('confirm-yes', 'button');
  readonly #no = byId('confirm-no', 'button');
  readonly #questions = new Serial();

  constructor() {
    onClick(this.#yes, () => this.#dialog.close('yes'));
    onClick(this.#no, () => this.#dialog.close('no'));
  }

  /** Answers an open question with no. */
  dismiss(): void {
    this.#dialog.close('no');
  }

  /** Asks once earlier questions are answered. A dialog's `close` event comes late, and would otherwise answer this question, too. */
  ask(question: Question): Promise<boolean> {
    return this.#questions.run(() => this.#ask(question));
  }

  #ask({ title, text, yes, no }: Question): Promise<boolean> {
    byId('confirm-title', 'h2').textContent = title;
    byId('confirm-text', 'p').textContent = text;
    this.#yes.textContent = yes;
    this.#no.textContent = no;
    this.#dialog.returnValue = 'no';
    this.#dialog.showModal();
    this.#no.focus();
    return new Promise((resolve) => {
      this.#dialog.addEventListener('close', () => resolve(this.#dialog.returnValue === 'yes'), { once: true });
    });
  }
}
