// Loads a model `?loads=` times from the host that the query names, and reports the time of each load.
import { loadLibrary } from '../../../../scripts/page/library.js';

const { AutoModelForCausalLM, Session } = await loadLibrary();
const wanted = new URLSearchParams(location.search);
const session = await Session.open({ remoteHost: wanted.get('host') ?? '' });
for (let load = 0; load < Number(wanted.get('loads')); load++) {
  const begun = performance.now();
  const model = await AutoModelForCausalLM.from_pretrained('a/b', { session });
  const seconds = (performance.now() - begun) / 1000;
  const { gpu_bytes } = await model.memory();
  await model.dispose();
  await window.report({ type: 'load', seconds, gpu_bytes });
}
await session.close();
await window.report({ type: 'done' });
