// The script for a tag, and the module `webvera/embed.js`: defines <web-vera>, and window.WebVera as the whole of the library.
import { defineElement } from './embed/element';
import * as webvera from './index';

export type * from './embed/public';

// Servers that render pages import the module too. A page may have the tag twice; the first one stays.
if (globalThis.customElements !== undefined && customElements.get('web-vera') === undefined) {
  window.WebVera = webvera;
  defineElement(customElements);
}
