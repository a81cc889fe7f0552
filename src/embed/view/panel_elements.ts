import { create, newButton, type Traits } from '../../parts/dom';

export { create, setShare, setText, show } from '../../parts/dom';

/** A place for the page's own content; the fallback is shown if the page gives none. */
export function slot(name: string, ...fallback: readonly (Node | string)[]): HTMLSlotElement {
  return create('slot', { name }, ...fallback);
}

export function button(text: string, action: () => unknown, className = ''): HTMLButtonElement {
  return newButton(text, action, { className, attributes: { part: 'button' } });
}

/** A row of buttons. */
export function buttons(...elements: readonly HTMLElement[]): HTMLElement {
  return create('div', { className: 'actions' }, ...elements);
}

/** Elements below each other. */
export function stack(className: string, ...children: readonly (Node | string)[]): HTMLElement {
  return create('div', { className: `${className} stack`.trim() }, ...children);
}

/** A paragraph in the muted colour. */
export function quiet(text = '', attributes: Readonly<Record<string, string>> = {}): HTMLElement {
  return create('p', { className: 'quiet', attributes }, text);
}

/** A text field below its label. It declares no language, because a visitor may write in any. */
export function field(
  id: string,
  label: string,
  traits: Traits<'textarea'> = {},
): { readonly root: HTMLElement; readonly input: HTMLTextAreaElement } {
  const { attributes, ...properties } = traits;
  const input = create('textarea', {
    id,
    lang: '',
    dir: 'auto',
    ...properties,
    attributes: { part: 'field', ...attributes },
  });
  return { root: create('div', { className: 'field' }, create('label', { htmlFor: id }, label), input), input };
}

/** A hidden input by which a visitor chooses files. */
export function filePicker(accept: string, multiple = false): HTMLInputElement {
  return create('input', { type: 'file', hidden: true, multiple, accept });
}
