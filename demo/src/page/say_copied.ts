import { announce } from './announcer';
import { setText } from './dom';

/** Says on a button for a while that it has copied. */
export function sayCopied(button: HTMLButtonElement): void {
  const text = button.dataset.text ?? button.textContent ?? '';
  button.dataset.text = text;
  setText(button, 'Copied');
  announce('Copied.');
  setTimeout(() => setText(button, text), 2000);
}
