// The script for a tag: defines <web-vera>, and window.WebVera as the whole of the library.
import { defineElement, type WebVeraElement, type WebVeraElementEventMap } from './embed/element';
import * as webvera from './index';

export type { Lesson } from './embed/examples_of';
export type { ElementState } from './embed/state';
export type { WebVeraElement, WebVeraElementEventMap };

declare global {
  interface HTMLElementTagNameMap {
    'web-vera': WebVeraElement;
  }
  interface HTMLElementEventMap extends WebVeraElementEventMap {}
  interface Window {
    /** All that `webvera` exports. */
    WebVera: typeof webvera;
  }
}

// A page may have the tag twice; the first one stays.
if (customElements.get('web-vera') === undefined) {
  window.WebVera = webvera;
  defineElement(customElements);
}
