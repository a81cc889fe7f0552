// Measures the library in its worker, as a visitor's page runs it.
import { measureAll } from '../lib/workload.mjs';
import { describeDevice, describeError, loadLibrary, report } from './library.js';

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
    onStep: (done, total, r) => report({ type: 'step', done, total, r }),
  });
  await report({ type: 'done', result: { ...result, device: await describeDevice() } });
} catch (error) {
  await report({ type: 'error', error: describeError(error) });
}
