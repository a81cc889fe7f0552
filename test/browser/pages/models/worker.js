// Opens sessions in real workers: stores adapters, and makes workers fail. Reports the results as one object.
import { loadLibrary, loadNodeLibrary } from '../../../../scripts/page/library.js';
import { failure } from '../runs/failure.js';

const { adapters, AutoModel, Session } = await loadLibrary();

/** @param {string} script */
function workerOf(script) {
  const worker = new Worker(script, { type: 'module' });
  const workers = [worker].values();
  const next = () => workers.next().value ?? new Worker(script, { type: 'module' });
  return { worker, opening: Session.open({ worker: next, store: 'memory' }) };
}

/**
 * Ends a session's worker during a call. Returns the call's failure, and the session's state afterwards.
 * @param {import('../../../../src/index').Session} session
 * @param {() => void} die
 */
async function outlived(session, die) {
  const call = failure(adapters.list({ session }));
  die();
  const failed = await call;
  const works = await adapters.list({ session });
  const { state } = session;
  await session.close();
  return { ...failed, works: works.length, state };
}

async function storage() {
  const folder = '/golden/cases/llama_qvud_big/adapter_noproj/';
  const read = async (/** @type {string} */ name) => (await fetch(folder + name)).blob();
  const files = {
    'adapter_config.json': await read('adapter_config.json'),
    'adapter_model.safetensors': await read('adapter_model.safetensors'),
  };
  const first = await Session.open();
  const imported = await adapters.import(files, 'mine', { session: first });
  await first.close();
  const session = await Session.open();
  const listed = await adapters.list({ session });
  const got = await adapters.get('mine', { session });
  const same = (await got?.['adapter_model.safetensors'].arrayBuffer())?.byteLength;
  await adapters.delete('mine', { session });
  const left = await adapters.list({ session });
  const bad = { ...files, 'adapter_model.safetensors': new Blob(['nothing']) };
  const refused = await failure(adapters.import(bad, 'bad', { session }));
  await session.close();
  const bytes = files['adapter_config.json'].size + files['adapter_model.safetensors'].size;
  return {
    imported: imported.bytes === bytes,
    listed: listed.map(({ id, config }) => [id, 'r' in config && config.r]),
    same: same === files['adapter_model.safetensors'].size,
    left: left.length,
    refused: refused.code,
  };
}

async function terminated() {
  const { worker, opening } = workerOf('/dist/worker.js');
  return outlived(await opening, () => worker.terminate());
}

async function closed() {
  const { worker, opening } = workerOf('../workers/faulty_worker.js');
  const session = await opening;
  worker.postMessage('close'); // the worker handles this message before the call
  return outlived(session, () => {});
}

async function warned() {
  const { worker, opening } = workerOf('../workers/faulty_worker.js');
  const session = await opening;
  /** @type {string[]} */
  const warnings = [];
  const heard = new Promise((resolve) => {
    session.addEventListener('warning', (event) => {
      warnings.push(event.message);
      if (warnings.length === 2) resolve(undefined);
    });
  });
  worker.postMessage('reject');
  worker.postMessage('throw');
  await heard;
  const works = await adapters.list({ session });
  await session.close();
  return { warnings: warnings.sort(), works: works.length };
}

/** Encodes texts by a model in a worker. Returns the vectors of eight texts, and the outcome of a cancelled call. */
async function embedded() {
  const { rows, texts } = await (await fetch('/golden/sentences.json')).json();
  const [{ base, files }] = rows;
  const own = Object.entries(files).map(([name, json]) => [name, new Blob([JSON.stringify(json)])]);
  const weights = ['config.json', 'model.safetensors'].map(async (name) => {
    const response = await fetch(`/golden/base/${base}/${name}`);
    return [name, await response.blob()];
  });
  const session = await Session.open({ store: 'memory' });
  const all = Object.fromEntries([...own, ...(await Promise.all(weights))]);
  const model = await AutoModel.from_pretrained({ files: all }, { session });
  /** @type {number[]} */
  const done = [];
  const progress_callback = (/** @type {{ readonly done: number }} */ progress) => done.push(progress.done);
  const vectors = await model.embed(texts.slice(0, 8), { batch_size: 4, progress_callback });
  const cancelled = new AbortController();
  const options = { batch_size: 1, signal: cancelled.signal, progress_callback: () => cancelled.abort() };
  const { name } = await failure(model.embed(texts, options));
  await session.close();
  return { vectors: vectors.map((vector) => [...vector]), done, cancelled: name };
}

async function inThisThread() {
  const { adapters, Session } = await loadNodeLibrary();
  const session = await Session.open({ worker: false, store: 'memory' });
  const listed = await adapters.list({ session });
  await session.close();
  return listed.length;
}

async function inOwnWorker() {
  const worker = new Worker('../workers/own_worker.js', { type: 'module' });
  const { data } = await new Promise((resolve) => worker.addEventListener('message', resolve, { once: true }));
  worker.terminate();
  return data;
}

window.report({
  storage: await storage(),
  terminated: await terminated(),
  closed: await closed(),
  missing: await failure(workerOf('./no_such_worker.js').opening),
  warned: await warned(),
  embedded: await embedded(),
  inThisThread: await inThisThread(),
  inOwnWorker: await inOwnWorker(),
  refused: await failure(Session.open({ worker: false })),
});
