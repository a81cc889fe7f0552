/** The properties that a new element can get; `attributes` has HTML attributes by name. */
export type Traits<Tag extends keyof HTMLElementTagNameMap> = Partial<
  Omit<HTMLElementTagNameMap[Tag], 'attributes' | 'part' | 'style'>
> & {
  readonly attributes?: Readonly<Record<string, string>>;
};

/** Creates an element. Strings become text nodes, never HTML. */
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

/** Sets an element's text only if it changed, so that a visitor's selection in it survives. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element: HTMLElement, visible: boolean): void {
  element.hidden = !visible;
}

/** Sets a progress bar to a share from 0 to 1. With undefined or NaN, the bar shows that the end is unknown. */
export function setShare(bar: HTMLProgressElement, share: number | undefined): void {
  if (share === undefined || !Number.isFinite(share)) bar.removeAttribute('value');
  else bar.value = bar.max * Math.min(1, Math.max(0, share));
}

export function onClick(button: HTMLButtonElement, action: () => unknown): void {
  button.addEventListener('click', () => void action());
}

/** Creates a button with a text. A click calls `action`. */
export function newButton(text: string, action: () => unknown, traits: Traits<'button'> = {}): HTMLButtonElement {
  const button = create('button', { type: 'button', ...traits }, text);
  onClick(button, action);
  return button;
}
