import { vi } from 'vitest';

/** The element that was focused last. */
let focused: FakeElement | undefined;

/** A text node or an element, with the members that the panel uses. */
export class FakeNode extends EventTarget {
  parent: FakeNode | undefined;
  childNodes: FakeNode[] = [];
  data = '';

  readonly ownerDocument: { readonly defaultView: unknown } = { defaultView: globalThis };

  get textContent(): string {
    return this.data + this.childNodes.map(({ textContent }) => textContent).join('');
  }

  set textContent(text: string) {
    this.replaceChildren(text);
  }

  get childElementCount(): number {
    return this.childNodes.filter((child) => child instanceof FakeElement).length;
  }

  get lastChild(): FakeNode | undefined {
    return this.childNodes.at(-1);
  }

  hasChildNodes(): boolean {
    return this.childNodes.length > 0;
  }

  append(...children: readonly (FakeNode | string)[]): void {
    const nodes = children.map((child) => (typeof child === 'string' ? textNode(child) : child));
    for (const node of nodes) node.parent = this;
    this.childNodes.push(...nodes);
  }

  replaceChildren(...children: readonly (FakeNode | string)[]): void {
    this.childNodes = [];
    this.append(...children);
  }

  getRootNode(): object {
    return {}; // no shadow root, so that no element has the focus
  }
}

/** An element. It has only the properties and attributes that the panel and the tests use. */
export class FakeElement extends FakeNode {
  readonly localName: string;
  hidden = false;
  disabled = false;
  id = '';
  className = '';
  value = '';
  readonly options: readonly { readonly value: string }[] = [];
  readonly classList = { toggle: (): void => {} };
  readonly #attributes = new Map<string, string>();

  constructor(localName: string) {
    super();
    this.localName = localName;
  }

  get children(): readonly FakeElement[] {
    return this.childNodes.filter((child) => child instanceof FakeElement);
  }

  setAttribute(name: string, value: string): void {
    this.#attributes.set(name, value);
  }

  removeAttribute(name: string): void {
    this.#attributes.delete(name);
  }

  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null;
  }

  /** Supports the selectors ':disabled' and ':focus-within'. */
  matches(selector: string): boolean {
    if (selector === ':disabled') return this.disabled;
    return focused !== undefined && [this, ...this.all].includes(focused);
  }

  focus(): void {
    focused = this;
  }

  get isFocused(): boolean {
    return focused === this;
  }

  /** Returns null, like a canvas that the browser can't draw on. */
  getContext(): null {
    return null;
  }

  click(): void {
    this.dispatchEvent(new Event('click'));
  }

  /** Whether the element and all its ancestors are shown. */
  get isVisible(): boolean {
    return !this.hidden && !(this.parent instanceof FakeElement && !this.parent.isVisible);
  }

  /** All elements within this one, in document order. */
  get all(): readonly FakeElement[] {
    return this.children.flatMap((child) => [child, ...child.all]);
  }
}

function textNode(data: string): FakeNode {
  return Object.assign(new FakeNode(), { data });
}

/** Replaces the globals with which the panel creates elements and waits for frames. */
export function stubDom(): void {
  const createElement = (name: string): FakeElement => new FakeElement(name);
  const createElementNS = (_: string, name: string): FakeElement => new FakeElement(name);
  vi.stubGlobal('document', { createElement, createElementNS, createTextNode: textNode });
  vi.stubGlobal('HTMLElement', FakeElement);
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw));
}
