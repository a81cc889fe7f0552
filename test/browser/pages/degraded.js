// Trains in a sandboxed frame, and where IndexedDB is refused. Reports what was told of it.
import { trainAndSave } from './saved.js';

const frame = document.createElement('iframe');
frame.sandbox.add('allow-scripts');
frame.src = './sandboxed.html';
const told = new Promise((resolve) => {
  addEventListener('message', function listen({ source, data }) {
    if (source !== frame.contentWindow) return;
    removeEventListener('message', listen);
    resolve(data);
  });
});
document.documentElement.append(frame);
const sandboxed = await told;
const refused = await trainAndSave({ worker: () => new Worker('./no_store_worker.js', { type: 'module' }) });
window.report({ sandboxed, refused });
