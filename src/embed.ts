// This file is the script for a page's script tag, and the module `webvera/embed.js`. It defines the element <web-vera>, and
// window.WebVera, which holds the whole library.
import { defineElement } from './embed/element';
import * as webvera from './index';

export type * from './embed/public';

// `customElements` is undefined on a server that renders pages and imports this module, and null in a browser extension's script in a page.
// If a page loads this script twice, the first definition stays.
if (globalThis.customElements != null && customElements.get('web-vera') === undefined) {
  window.WebVera = webvera;
  defineElement(customElements);
}
