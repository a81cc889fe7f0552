// Measures training in the library's worker, as a visitor's page runs it, and the rest in the page.
import { readBundled } from '../lib/bundled.mjs';
import { measureAll } from '../lib/workload.mjs';
import { describeDevice, describeError, loadLibrary, report } from './library.js';

/** @returns {Promise<typeof import('../../src/bench')>} */
function loadBench() {
  const url = '/dist/bench.js';
  return import(url);
}

try {
  const job = await (await fetch('/job.json')).json();
  const [library, bench] = await Promise.all([loadLibrary(), loadBench()]);
  const result = await measureAll(library, bench, {
    ...job,
    bundled: () => readBundled(async (file) => (await fetch(`/bundled/${file}`)).blob()),
    gpu: navigator.gpu,
    onStep: (done, total, what) => report({ type: 'step', done, total, what }),
  });
  await report({ type: 'done', result: { ...result, device: await describeDevice() } });
} catch (error) {
  await report({ type: 'error', error: describeError(error) });
}
