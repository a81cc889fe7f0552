// In another page than bundled.js, loads the adapter that bundled.js stored, uses it and deletes it. Reports the results.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { bytesOf } from '../lib/bytes.js';
import { logitsOf, modelUrl } from '../lib/prose.js';

const { adapters, AutoModelForCausalLM, Session, VeraModel } = await loadLibrary();

const session = await Session.open();
const listed = await adapters.list({ session });
const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
const model = await VeraModel.from_pretrained(base, { id: 'prose' });
const logits = await logitsOf(model);
const files = await adapters.get('prose', { session });
await adapters.delete('prose', { session });
const left = await adapters.list({ session });
await session.close();

window.report({
  listed: listed.map(({ id, bytes, config }) => ({ id, bytes, r: 'r' in config && config.r })),
  logits,
  files: files && (await bytesOf(files)),
  left: left.length,
});
