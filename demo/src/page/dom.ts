/** An element of the page's HTML, which must be there. */
export function byId<Tag extends keyof HTMLElementTagNameMap>(id: string, tag: Tag): HTMLElementTagNameMap[Tag] {
  const element = document.getElementById(id);
  if (element?.localName === tag) return element as HTMLElementTagNameMap[Tag];
  throw new Error(`Expected <${tag} id="${id}"> in the page, got ${element === null ? 'none' : element.localName}`);
}

/** A new element. Texts are set as text, never as HTML. */
export function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> & { readonly aria?: Readonly<Record<string, string>> } = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const { aria = {}, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Sets a text only where it changed, so that a selection in it survives. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element: HTMLElement, visible: boolean): void {
  element.hidden = !visible;
}

export function onClick(button: HTMLButtonElement, action: () => unknown): void {
  button.addEventListener('click', () => void action());
}
