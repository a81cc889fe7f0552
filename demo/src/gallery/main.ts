import { byId, onClick, setText } from '../page/dom';
import { isCopied, sayCopied } from '../page/say_copied';
import { standalone } from './standalone';

const demo = new URL('./', location.href);

/** Shows an example's source, copies it, and lets the form send it to an editor. */
async function open(root: HTMLElement): Promise<void> {
  const [code, copy, edit, page] = [part(root, 'code'), part(root, '.copy'), part(root, '.edit'), part(root, '.page')];
  const response = await fetch(`./examples/${root.dataset.name}.html`);
  if (!response.ok) throw new Error(`The source could not be loaded (${response.status}).`);
  const source = standalone(await response.text(), demo);
  setText(code, source);
  scrollToScript(part(root, '.source'), code, source);
  (page as HTMLInputElement).value = source;
  for (const button of [copy, edit] as HTMLButtonElement[]) button.disabled = false;
  onClick(copy as HTMLButtonElement, async () => {
    if (await isCopied(source)) sayCopied(copy as HTMLButtonElement);
    else getSelection()?.selectAllChildren(code); // to be copied by hand
  });
}

/** Scrolls a source to its script, by which the examples differ most. The styles above it are much alike. */
function scrollToScript(pane: HTMLElement, code: HTMLElement, source: string): void {
  const text = code.firstChild;
  if (text === null) return;
  const at = source.lastIndexOf('<script');
  const script = document.createRange();
  script.setStart(text, at);
  script.setEnd(text, at + 1);
  pane.scrollTop = script.getBoundingClientRect().top - pane.getBoundingClientRect().top - 4; // no half a line above
}

function part(root: HTMLElement, selector: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`Expected ${selector} in an example of the page, got none`);
  return found;
}

for (const root of document.querySelectorAll<HTMLElement>('.example')) {
  open(root).catch((error: unknown) => {
    const banner = byId('banner', 'div');
    banner.hidden = false;
    setText(banner, `${error instanceof Error ? error.message : error} Reloading the page may help.`);
  });
}
