// Violates the policy of its own script.
export {};

await fetch('https://worker.invalid/').catch(() => {});
postMessage('done');
