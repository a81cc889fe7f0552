// Trains small models with the build in the folder that the first argument names, and prints the hash of each result as JSON. Each build
// runs in a separate process, because each build opens its own Dawn.
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openAdapter } from '../browsers/dawn.mjs';
import { ROOT } from '../shared/paths.mjs';
import { randomNumbers } from '../shared/random.mjs';

/** @typedef {typeof import('../../src/node')} Library */
/** @typedef {import('../../src/index').Example} Example */

const [STEPS, ROWS, TOKENS, VOCABULARY, IMAGE] = [10, 24, 20, 96, 16];
/** Models of `test/golden/base` and the class that loads each. */
const MODELS = /** @type {const} */ ({
  llama: 'AutoModelForCausalLM',
  gpt2: 'AutoModelForCausalLM',
  opt: 'AutoModelForCausalLM',
  bert: 'AutoModelForSequenceClassification',
  vit: 'AutoModelForImageClassification',
});

const random = randomNumbers(1);
const below = (/** @type {number} */ most) => Math.floor(random() * most);

/** @param {(typeof MODELS)[keyof typeof MODELS]} loader @returns {Example} */
function example(loader) {
  if (loader === 'AutoModelForImageClassification') {
    const data = Uint8ClampedArray.from({ length: IMAGE * IMAGE * 4 }, () => below(256));
    return { image: { width: IMAGE, height: IMAGE, data }, label: below(3) };
  }
  const input_ids = Array.from({ length: 2 + below(TOKENS) }, () => below(VOCABULARY));
  return loader === 'AutoModelForCausalLM' ? { input_ids } : { input_ids, label: below(3) };
}

/** @param {unknown} json */
const hashOf = (json) => createHash('sha256').update(JSON.stringify(json)).digest('hex').slice(0, 16);

/** @param {Iterable<readonly [string, Blob]>} files */
async function filesHash(files) {
  const hash = createHash('sha256');
  for (const [name, blob] of files) hash.update(name).update(new Uint8Array(await blob.arrayBuffer()));
  return hash.digest('hex').slice(0, 16);
}

/** @param {Library} library @param {import('../../src/index').Session} session @param {keyof typeof MODELS} name */
async function train(library, session, name) {
  const loader = MODELS[name];
  const base = await library[loader].from_pretrained(await library.openFolder(join(ROOT, 'test/golden/base', name)), {
    session,
  });
  const config = new library.VeraConfig({ r: 8, target_modules: 'all-linear', vera_dropout: 0.1 });
  const model = await library.get_peft_model(base, config);
  const train_dataset = Array.from({ length: ROWS }, () => example(loader));
  const args = {
    max_steps: STEPS,
    learning_rate: 1e-2,
    per_device_train_batch_size: 3,
    save_strategy: /** @type {const} */ ('no'),
  };
  const trainer = new library.Trainer({ model, args, train_dataset });
  const run = trainer.train();
  await run;
  const losses = run.state.log_history.map(({ loss, grad_norm }) => [loss, grad_norm]);
  const adapter = await filesHash(Object.entries(await model.save_pretrained()));
  await model.merge_adapter();
  const merged = await filesHash(await model.export_model());
  await base.dispose();
  return { losses: hashOf(losses), adapter, merged };
}

const [dist = ''] = process.argv.slice(2);
const library = /** @type {Library} */ (await import(pathToFileURL(resolve(dist, 'node.js')).href));
const { gpu } = await openAdapter(library, 'llvmpipe');
const session = await library.Session.open({ worker: false, gpu, store: 'memory' });
session.addEventListener('warning', () => {});
/** @type {Record<string, object>} */
const found = {};
for (const name of /** @type {(keyof typeof MODELS)[]} */ (Object.keys(MODELS)))
  found[name] = await train(library, session, name);
await session.close();
console.log(JSON.stringify(found));
process.exit(0);
