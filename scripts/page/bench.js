// Measures the library in its worker, as a visitor's page runs it.
import { measureAll } from '../lib/workload.mjs';
import { describeDevice, describeError, loadLibrary } from './library.js';

/** @returns {Promise<typeof import('../../src/bench')>} */
function loadBench() {
  const url = '/dist/bench.js';
  return import(url);
}

try {
  const job = await (await fetch('/job.json')).json();
  const [library, { measureGemm }] = await Promise.all([loadLibrary(), loadBench()]);
  const result = await measureAll(library, measureGemm, {
    ...job,
    gpu: navigator.gpu,
    onStep: (done, total, r) => window.report({ type: 'step', done, total, r }),
  });
  await window.report({ type: 'done', result: { ...result, device: await describeDevice() } });
} catch (error) {
  await window.report({ type: 'error', error: describeError(error) });
}
