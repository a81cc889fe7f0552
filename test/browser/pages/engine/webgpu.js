import { report } from '../../../../scripts/page/library.js';

const worker = new Worker('../workers/webgpu_worker.js', { type: 'module' });
worker.addEventListener('message', (/** @type {MessageEvent} */ event) => report(event.data));
worker.addEventListener('error', (/** @type {ErrorEvent} */ event) => report({ error: event.message }));
