import { announce } from './announcer';
import { setText } from './dom';

/**
 * Copies a text, or a promise of one. Resolves with false if the browser refuses, or has no clipboard API, as on pages without https. If
 * the browser supports it, the clipboard receives the promise itself, because Safari lets a page copy only immediately after a click.
 */
export async function isCopied(text: string | Promise<string>): Promise<boolean> {
  try {
    if (typeof text === 'string' || typeof ClipboardItem === 'undefined')
      await navigator.clipboard.writeText(await text);
    else await navigator.clipboard.write([new ClipboardItem({ 'text/plain': text.then(plain) })]);
    return true;
  } catch {
    await text; // if the text could not be made, rejects with the reason
    return false;
  }
}

function plain(text: string): Blob {
  return new Blob([text], { type: 'text/plain' });
}

/** Shows “Copied” on a button for two seconds, and announces it. */
export function sayCopied(button: HTMLButtonElement): void {
  const text = button.dataset.text ?? button.textContent ?? '';
  button.dataset.text = text;
  setText(button, 'Copied');
  announce('Copied.');
  setTimeout(() => setText(button, text), 2000);
}
