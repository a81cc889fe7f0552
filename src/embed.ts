// The script for a tag: defines <web-vera>, and window.WebVera as the whole of the library.
import { defineElement } from './embed/element';
import * as webvera from './index';

export type * from './embed/public';

// A page may have the tag twice; the first one stays.
if (customElements.get('web-vera') === undefined) {
  window.WebVera = webvera;
  defineElement(customElements);
}
