import { create, newButton, type Traits } from '../../parts/dom';

export { create, setShare, setText, show } from '../../parts/dom';

/** Creates a slot for the page's own content. The fallback is shown if the page provides none. */
export function slot(name: string, ...fallback: readonly (Node | string)[]): HTMLSlotElement {
  return create('slot', { name }, ...fallback);
}

export function button(text: string, action: () => unknown, className = ''): HTMLButtonElement {
  return newButton(text, action, { className, attributes: { part: 'button' } });
}

/** Creates a row of buttons. */
export function buttons(...elements: readonly HTMLElement[]): HTMLElement {
  return create('div', { className: 'actions' }, ...elements);
}

/** Creates a column of elements. */
export function stack(className: string, ...children: readonly (Node | string)[]): HTMLElement {
  return create('div', { className: `${className} stack`.trim() }, ...children);
}

/** Creates a paragraph in the muted colour. */
export function quiet(text = '', attributes: Readonly<Record<string, string>> = {}): HTMLElement {
  return create('p', { className: 'quiet', attributes }, text);
}

/** Creates a text field below its label. The field declares no language, because a visitor may write in any. */
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

/** Creates a hidden input with which a visitor chooses files. */
export function filePicker(accept: string, multiple = false): HTMLInputElement {
  return create('input', { type: 'file', hidden: true, multiple, accept });
}
