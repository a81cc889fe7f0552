import { button, buttons, create, show, stack } from './panel_elements';

/**
 * Asks before everything is forgotten, in the place of the buttons that lead to the question. Escape means no.
 * `landing`: the button that changes nothing. `replaced`: hidden while the question is shown.
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
