/** The properties and attributes that a new element can have; attributes by their names. */
export type Traits<Tag extends keyof HTMLElementTagNameMap> = Partial<
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

/** Sets a text only if it changed, so that a visitor's selection in it survives. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element: HTMLElement, visible: boolean): void {
  element.hidden = !visible;
}

/** Fills a progress bar by a share from 0 to 1. Undefined or NaN shows that the end is unknown. */
export function setShare(bar: HTMLProgressElement, share: number | undefined): void {
  if (share === undefined || !Number.isFinite(share)) bar.removeAttribute('value');
  else bar.value = bar.max * Math.min(1, Math.max(0, share));
}

export function onClick(button: HTMLButtonElement, action: () => unknown): void {
  button.addEventListener('click', () => void action());
}

/** A button with a text. */
export function newButton(text: string, action: () => unknown, traits: Traits<'button'> = {}): HTMLButtonElement {
  const button = create('button', { type: 'button', ...traits }, text);
  onClick(button, action);
  return button;
}
