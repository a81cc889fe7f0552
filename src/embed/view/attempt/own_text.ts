import type { GeneratedText } from '../../../index';
import { button, buttons, field, stack } from '../panel_elements';

interface OwnTextParts {
  /** Called with the edited text, including the space before it. */
  onKeep(text: string): void;
  onCancel(): void;
}

/** Creates a field in which a visitor edits the model's text. It is hidden until `open` is called. */
export function ownText({ onKeep, onCancel }: OwnTextParts) {
  let about: GeneratedText = { prompt: '', completion: '' };
  const { root: row, input } = field('own', 'How it should go on', { rows: 4 });
  const keep = button('Keep mine', () => onKeep(withSpace(input.value.trim(), about)), 'primary');
  const root = stack('own', row, buttons(keep, button('Cancel', onCancel)));
  input.addEventListener('input', () => {
    keep.disabled = input.value.trim() === '';
  });
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation(); // Escape closes only the field, not a dialog around it
    onCancel();
  });
  root.hidden = true;
  return {
    root,
    open(text: GeneratedText): void {
      about = text;
      input.value = text.completion.trim();
      keep.disabled = false;
      root.hidden = false;
      input.focus();
      input.setSelectionRange(0, 0);
    },
  };
}

/**
 * Returns a visitor's text with the space at the beginning of the model's text. If the model's text begins without a space, adds one if the
 * visitor's text begins with a letter of a script that has capitals, and the prompt ends with a letter, a digit or punctuation. Adds none
 * if both texts begin with the same character, because the model's text may continue a word of the prompt.
 */
export function withSpace(own: string, { prompt, completion }: GeneratedText): string {
  const given = /^\s*/.exec(completion)?.[0] ?? '';
  const isNewWord = /^[\p{Lu}\p{Ll}]/u.test(own) && own[0] !== completion[0];
  const follows = typeof prompt === 'string' && /[\p{L}\p{N}.,;:!?…)\]]$/u.test(prompt);
  return (given === '' && isNewWord && follows ? ' ' : given) + own;
}
