/** What may be set on a new element: properties, and attributes by their names. */
type Traits<Tag extends keyof HTMLElementTagNameMap> = Partial<
  Omit<HTMLElementTagNameMap[Tag], 'attributes' | 'part' | 'style'>
> & {
  readonly attributes?: Readonly<Record<string, string>>;
};

/** A new element. Texts are set as text, never as HTML. */
export function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  { attributes = {}, ...properties }: Traits<Tag> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A place for the page's own content, with what stands there otherwise. */
export function slot(name: string, ...fallback: readonly (Node | string)[]): HTMLSlotElement {
  return create('slot', { name }, ...fallback);
}

export function button(text: string, onClick: () => unknown, look = ''): HTMLButtonElement {
  const element = create('button', { type: 'button', className: look, attributes: { part: 'button' } }, text);
  element.addEventListener('click', () => void onClick());
  return element;
}

/** A text field under its label. What a visitor writes is in a language of their own. */
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

/** Sets a text only where it changed, so that a selection in it survives. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element: HTMLElement, visible: boolean): void {
  element.hidden = !visible;
}

/** Of a progress element: undefined is "nobody knows how long". */
export function setShare(bar: HTMLProgressElement, share: number | undefined): void {
  if (share === undefined || !Number.isFinite(share)) bar.removeAttribute('value');
  else bar.value = Math.min(1, Math.max(0, share));
}
