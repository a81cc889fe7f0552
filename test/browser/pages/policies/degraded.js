// Trains in a sandboxed frame, and with a worker that can't access IndexedDB. Reports the results and warnings.
import { trainAndSave } from '../lib/saved.js';

const sandboxed = await inFrame('./sandboxed.html');
const tag = await inFrame('./sandboxed_tag.html');
const refused = await trainAndSave({ worker: () => new Worker('../workers/no_store_worker.js', { type: 'module' }) });
window.report({ sandboxed, tag, refused });

/**
 * Opens a page in a sandboxed frame, and returns its report.
 * @param {string} address
 */
async function inFrame(address) {
  const frame = document.createElement('iframe');
  frame.sandbox.add('allow-scripts');
  frame.src = address;
  const told = new Promise((resolve) => {
    addEventListener('message', function listen({ source, data }) {
      if (source !== frame.contentWindow) return;
      removeEventListener('message', listen);
      resolve(data);
    });
  });
  document.documentElement.append(frame);
  const outcome = await told;
  frame.remove();
  return outcome;
}
