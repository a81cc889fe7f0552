// This file is the script for a page's script tag, and the module `webvera/embed.js`. It defines the element <web-vera>, and
// window.WebVera, which holds the whole library.
import { defineElement } from './embed/element';
import * as webvera from './index';

export type * from './embed/public';

// A server that renders pages may import this module too, but it has no custom elements; for an extension's script in a page they are null.
// If a page loads this script twice, the first definition stays.
if (globalThis.customElements != null && customElements.get('web-vera') === undefined) {
  window.WebVera = webvera;
  defineElement(customElements);
}
