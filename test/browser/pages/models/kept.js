// Loads a model three times from the host that the query names. Before the third load, it changes a byte of the cached copy.
// Reports when part of the model is cached, and when each load has ended. With `&once` it reports that it is done after the
// first load.
import { loadLibrary } from '../../../../scripts/page/library.js';

const { AutoModelForCausalLM, models, Session } = await loadLibrary();
const wanted = new URLSearchParams(location.search);
const session = await Session.open({ remoteHost: wanted.get('host') ?? '' });
/** @type {string[]} */
const warnings = [];
session.addEventListener('warning', ({ code, message }) => warnings.push(`${code}: ${message}`));

async function load() {
  /** @type {string[]} */
  const kept = [];
  const model = await AutoModelForCausalLM.from_pretrained('a/b', {
    session,
    progress_callback(info) {
      if (info.status !== 'done') return;
      if (info.cached) kept.push(info.file);
      if (info.resumedFrom !== undefined) kept.push(`${info.file} from ${info.resumedFrom}`);
    },
  });
  const { logits } = await model.forward({ input_ids: [[5, 36, 67, 2]] });
  await model.dispose();
  return { kept, logits: [...logits.data], warnings, listed: await models.list({ session }) };
}

async function untilPartIsKept() {
  for (;;) {
    const [model] = await models.list({ session });
    if (model !== undefined && model.bytes >= 2 ** 23) return model;
  }
}

/** Changes a byte of the largest file in the origin private file system. */
async function flipByte() {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('webvera');
  /** @type {FileSystemFileHandle[]} */
  const handles = [];
  for await (const handle of /** @type {any} */ (folder).values()) handles.push(handle);
  const files = await Promise.all(handles.map(async (handle) => ({ handle, file: await handle.getFile() })));
  const [largest] = files.sort((a, b) => b.file.size - a.file.size);
  if (largest === undefined) throw new Error('Nothing is kept');
  const at = 2 ** 23 + 5;
  const byte = new Uint8Array(await largest.file.slice(at, at + 1).arrayBuffer());
  const writer = await largest.handle.createWritable({ keepExistingData: true });
  await writer.write({ type: 'write', position: at, data: Uint8Array.of((byte[0] ?? 0) ^ 1) });
  await writer.close();
}

const loading = load();
if (wanted.has('once')) window.report({ type: 'done', ...(await loading) });
untilPartIsKept().then((model) => window.report({ type: 'part', model }));
// The test counts the requests when a report arrives, so the next load waits until the test has received the report.
await window.report({ type: 'first', ...(await loading) });
await window.report({ type: 'second', ...(await load()) });
await flipByte();
window.report({ type: 'third', ...(await load()) });
const verified = await models.verify('a/b', { session });
const isCached = await models.is_cached('a/b', { session });
await models.clear_cache('a/b', { session });
window.report({
  type: 'done',
  verified,
  isCached,
  left: await models.list({ session }),
  persisted: await navigator.storage.persisted(),
});
