import { button, buttons, field, stack } from '../panel_elements';

interface OwnTextParts {
  /** Takes the changed text, with the space that the model's begins with. */
  onKeep(text: string): void;
  onCancel(): void;
}

/** A field with the model's text, for a visitor who changes it. Hidden until it is opened. */
export function ownText({ onKeep, onCancel }: OwnTextParts) {
  let space = '';
  const { root: row, input } = field('own', 'How it should go on', { rows: 4 });
  const keep = button('Keep mine', () => onKeep(space + input.value.trim()), 'primary');
  const root = stack('own', row, buttons(keep, button('Cancel', onCancel)));
  input.addEventListener('input', () => {
    keep.disabled = input.value.trim() === '';
  });
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation(); // closes the field, and nothing around it
    onCancel();
  });
  root.hidden = true;
  return {
    root,
    open(text: string): void {
      space = /^\s*/.exec(text)?.[0] ?? '';
      input.value = text.trim();
      keep.disabled = false;
      root.hidden = false;
      input.focus();
      input.setSelectionRange(0, 0);
    },
  };
}
