// Violates, on purpose, the Content Security Policy that its own script was served with.
export {};

await fetch('https://worker.invalid/').catch(() => {});
postMessage('done');
