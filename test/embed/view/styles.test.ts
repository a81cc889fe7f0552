import { expect, test } from 'vitest';
import { addStyles } from '../../../src/embed/view/styles';

function rootOf(adoptedStyleSheets: readonly unknown[] | undefined): ShadowRoot {
  class CSSStyleSheet {
    replaceSync(): void {}
  }
  return { ownerDocument: { defaultView: { CSSStyleSheet } }, adoptedStyleSheets } as unknown as ShadowRoot;
}

test('a shadow root gets the styles once', () => {
  const root = rootOf([]);
  addStyles(root);
  const [sheet] = root.adoptedStyleSheets;
  addStyles(root);
  expect(root.adoptedStyleSheets).toEqual([sheet]);
});

test('a test environment without constructed style sheets, such as jsdom, stays without styles', () => {
  const root = rootOf(undefined);
  addStyles(root);
  expect(root.adoptedStyleSheets).toBeUndefined();
});
