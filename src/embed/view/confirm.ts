import { button, buttons, create, show, stack } from './panel_elements';

/**
 * Creates the question that is asked before everything is forgotten. Escape means no. `replaced`: the element with the buttons that open
 * the question, hidden while the question is shown. The returned `landing` is the button that changes nothing; it gets the focus first.
 */
export function confirmation(replaced: HTMLElement, onAnswer: (answer: boolean) => void) {
  const answer = (given: boolean): void => {
    open(false);
    onAnswer(given);
  };
  const landing = button('Keep', () => answer(false));
  const sure = button('Forget', () => answer(true), 'danger');
  const question = 'Forget all examples, and all that it has learnt? This can’t be undone.';
  const root = stack('confirm', create('p', {}, question), buttons(landing, sure));
  root.setAttribute('role', 'group');
  root.setAttribute('aria-label', 'Forget everything?');
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation(); // closes the question, and nothing around it
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
    close: (): void => open(false),
  };
}
