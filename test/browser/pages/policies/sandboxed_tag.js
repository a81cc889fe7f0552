// The tag in a frame without an origin: it loads, learns and generates, and the script reports to the page around it.
import { failure } from '../runs/failure.js';

/** @typedef {import('../../../../src/embed').WebVeraElement} WebVeraElement */
const element = /** @type {WebVeraElement} */ (document.querySelector('web-vera'));
await customElements.whenDefined('web-vera');

async function use() {
  await element.load();
  const { global_step } = await element.teach('Call me Ishmael. Some years ago, never mind how long precisely.');
  return { global_step, text: await element.generate('The whale', { max_new_tokens: 2 }) };
}

const using = use();
parent.postMessage({ origin: self.origin, ...(await using.catch(() => failure(using))) }, '*');
