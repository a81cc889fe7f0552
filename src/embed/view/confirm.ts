import { button, buttons, create, show, stack } from './panel_elements';

/** A question to which the visitor answers with 'Keep', or with the word `yes`. `name`: its name for screen readers. */
interface Question {
  readonly name: string;
  readonly text: string;
  readonly yes: string;
}

export const FORGETTING: Question = {
  name: 'Forget everything?',
  text: 'Forget all examples, and all that it has learnt? This can’t be undone.',
  yes: 'Forget',
};

export const REPLACING: Question = {
  name: 'Replace what it has learnt?',
  text: 'Replace all examples, and all that it has learnt, by what these files hold? This can’t be undone.',
  yes: 'Replace',
};

/**
 * Creates a question that is asked before something is lost. Escape means no. `replaced`: the element with the buttons that open
 * the question, hidden while the question is shown. The returned `landing` is the button that changes nothing; it gets the focus first.
 */
export function confirmation(
  { name, text, yes }: Question,
  replaced: HTMLElement,
  onAnswer: (answer: boolean) => void,
) {
  const answer = (given: boolean): void => {
    open(false);
    onAnswer(given);
  };
  const landing = button('Keep', () => answer(false));
  const sure = button(yes, () => answer(true), 'danger');
  const root = stack('confirm', create('p', {}, text), buttons(landing, sure));
  root.setAttribute('role', 'group');
  root.setAttribute('aria-label', name);
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation(); // Escape closes only the question, not a dialog around it
    answer(false);
  });
  const open = (isOpen: boolean): void => {
    show(root, isOpen);
    show(replaced, !isOpen);
  };
  open(false);
  return {
    root,
    landing,
    ask(): void {
      open(true);
      landing.focus();
    },
    close(): void {
      if (!root.hidden) open(false); // another question may have replaced the same element
    },
  };
}
