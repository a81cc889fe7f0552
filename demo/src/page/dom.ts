export { create, newButton, onClick, setShare, setText, show } from '../../../src/parts/dom';

/** Returns an element of the page's HTML. Throws if the page has none with this id and tag. */
export function byId<Tag extends keyof HTMLElementTagNameMap>(id: string, tag: Tag): HTMLElementTagNameMap[Tag] {
  const element = document.getElementById(id);
  if (element?.localName === tag) return element as HTMLElementTagNameMap[Tag];
  throw new Error(`Expected <${tag} id="${id}"> in the page, got ${element === null ? 'none' : element.localName}`);
}
