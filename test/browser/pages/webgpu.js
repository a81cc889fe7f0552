const worker = new Worker('./webgpu_worker.js', { type: 'module' });
worker.addEventListener('message', (/** @type {MessageEvent} */ event) => window.report(event.data));
worker.addEventListener('error', (/** @type {ErrorEvent} */ event) => window.report({ error: event.message }));
