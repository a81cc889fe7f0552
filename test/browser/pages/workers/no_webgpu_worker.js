// The library's worker, in a browser without WebGPU.
export {};

Reflect.deleteProperty(Object.getPrototypeOf(navigator), 'gpu');
const url = '/dist/worker.js';
await import(url);
