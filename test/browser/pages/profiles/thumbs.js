// A profile of the bundled model learns from ratings. The first visit is closed during the run, and the second visit resumes it.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { modelUrl } from '../lib/prose.js';

const { AutoModelForCausalLM, Profile } = await loadLibrary();
const base = await AutoModelForCausalLM.from_pretrained(modelUrl);
const PROMPTS = ['She was', '"You', 'On the shore'];
const STEPS = 6;

/** Rates a text: it is good if its first sentence is short, or if it mentions the sea. */
function isGood(/** @type {string} */ text) {
  return /^[^.!?]{0,24}[.!?]/.test(text) || /\b(sea|ship|shore|wave|boat)s?\b/i.test(text);
}

/** @param {import('../../../../src/index').Profile} profile */
async function digestOf(profile) {
  const bytes = await (await profile.export()).get('adapter_model.safetensors')?.arrayBuffer();
  return new Uint8Array(bytes ?? new ArrayBuffer(0)).join();
}

async function firstVisit() {
  const profile = await Profile.open(base, 'ada', {
    peft_config: { r: 8, target_modules: ['q_proj', 'v_proj'] },
    args: { per_device_train_batch_size: 4, max_length: 32 },
  });
  let good = 0;
  for (let seed = 0; seed < 24; seed++) {
    const prompt = PROMPTS[seed % PROMPTS.length] ?? '';
    const text = profile.generate(prompt, { max_new_tokens: 6, do_sample: true, temperature: 0.7, seed });
    const isLiked = isGood(await text);
    good += Number(isLiked);
    await profile.rate(text, isLiked ? 1 : -1);
  }
  const run = profile.learn({ ratings: { max_steps: STEPS, save_steps: 1, learning_rate: 0.05 } });
  run.catch(() => {}); // the page is closed first
  for await (const { type, state } of run) if (type === 'save' && state.global_step > 1) break;
  window.report({ ratings: profile.info.ratings, good });
}

async function secondVisit() {
  const profile = await Profile.open(base, 'ada');
  const before = await digestOf(profile);
  const { learning } = profile;
  await profile.rate({ prompt: 'The captain', completion: ' slept.' }, 1);
  const output = await learning;
  const after = await digestOf(profile);
  const { ratings, history } = profile.info;
  const [record] = history;
  await profile.rollback();
  const rolledBack = await digestOf(profile);
  await profile.forget();
  window.report({
    resumedAt: learning?.state.log_history[0]?.step,
    steps: output?.global_step,
    ratings,
    record,
    changed: after !== before,
    restored: rolledBack === before,
    left: await Profile.list(),
  });
}

await (new URLSearchParams(location.search).has('again') ? secondVisit() : firstVisit());
