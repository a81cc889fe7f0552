import { loadLibrary } from '../../../../scripts/page/library.js';
import { modelUrl } from './prose.js';

/** Probes the device and loads a model in a page that isn't a secure context. Returns the outcomes and the seconds that they took. */
export async function probeAndLoad() {
  const { AutoModelForCausalLM, probe } = await loadLibrary();
  const begin = performance.now();
  const report = await probe();
  const { code, message } = await AutoModelForCausalLM.from_pretrained(modelUrl).catch((error) => error);
  const seconds = (performance.now() - begin) / 1000;
  return { isSecure: isSecureContext, seconds, report, error: { code, message } };
}
