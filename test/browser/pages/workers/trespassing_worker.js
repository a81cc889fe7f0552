// Does what the policy of its own script forbids.
export {};

await fetch('https://worker.invalid/').catch(() => {});
postMessage('done');
