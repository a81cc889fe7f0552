// Measures training and generation in the library's worker, as on a visitor's page, and the other parts in this page's own thread.

import { describeDevice, describeError, loadLibrary, report } from '../../scripts/page/library.js';
import { readBundled } from '../workload/bundled.mjs';
import { measureAll } from '../workload/workload.mjs';

/** @returns {Promise<typeof import('../index')>} */
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
