// Uses the <web-vera> element in a frame with an opaque origin: loads a model, teaches it and generates a text. Reports to the parent page.
import { failure } from '../runs/failure.js';

/** @typedef {import('../../../../src/embed').WebVeraElement} WebVeraElement */
const element = /** @type {WebVeraElement} */ (document.querySelector('web-vera'));
await customElements.whenDefined('web-vera');

async function use() {
  await element.load();
  const { global_step } = await element.teach('Call me Ishmael. Some years ago, never mind how long precisely.');
  const stored = () => element.shadowRoot?.querySelector('.kept p')?.textContent ?? '';
  while (!stored().includes('1 example')) await new Promise((resolve) => setTimeout(resolve, 20)); // until a frame is drawn
  return { global_step, stored: stored(), text: await element.generate('The whale', { max_new_tokens: 2 }) };
}

const using = use();
parent.postMessage({ origin: self.origin, ...(await using.catch(() => failure(using))) }, '*');
