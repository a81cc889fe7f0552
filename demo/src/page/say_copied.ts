import { announce } from './announcer';
import { setText } from './dom';

/** Shows “Copied” on a button for two seconds, and announces it. */
export function sayCopied(button: HTMLButtonElement): void {
  const text = button.dataset.text ?? button.textContent ?? '';
  button.dataset.text = text;
  setText(button, 'Copied');
  announce('Copied.');
  setTimeout(() => setText(button, text), 2000);
}
