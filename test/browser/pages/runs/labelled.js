// Teaches a profile twelve labelled messages by the instant method, and refines it in idle time. With `?again`, in the next
// visit, it refines the profile once more, undoes that, and exports it. Reports the predictions for new messages after each
// stage.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { bytesOf } from '../lib/bytes.js';
import { modelUrl } from '../lib/prose.js';

const { AutoModelForSequenceClassification, Profile, Session } = await loadLibrary();

const SPAM = [
  'Win a free prize now',
  'You won a cash reward',
  'Cheap pills for sale',
  'Claim your prize today',
  'Earn money fast',
  'Free cash now',
];
const HAM = [
  'See you at lunch',
  'Mum is late',
  'The meeting is at three',
  'I left my keys',
  'Happy birthday to you',
  'Dinner is on Sunday',
];
const UNSEEN = ['Claim a free reward', 'Lunch is late today'];

const session = await Session.open();
/** @type {import('../../../../src/index').TextClassifierOptions} */
const options = { session, id2label: { 0: 'not spam', 1: 'spam' }, pooling: 'mean' };
const base = await AutoModelForSequenceClassification.from_pretrained(modelUrl, options);
const args = { max_steps: 2, per_device_train_batch_size: 4, max_length: 16 };
const profile = await Profile.open(base, 'messages', {
  peft_config: { r: 8, target_modules: ['q_proj', 'v_proj'] },
  args,
});

const told = async () =>
  Promise.all(UNSEEN.map(async (text) => (await profile.predict(text)).map(({ score }) => score)));

/** @type {unknown[]} */
const stages = [];
const stage = async (/** @type {string} */ name) =>
  stages.push({ name, told: await told(), record: profile.info.history.at(-1) });

async function refineInIdleTime() {
  const run = profile.learn({ method: 'refine', when: 'idle' });
  const reasons = [];
  for await (const event of run) if ('reason' in event) reasons.push(`${event.type} ${event.reason}`);
  return { reasons, metrics: (await run).metrics };
}

if (new URLSearchParams(location.search).has('again')) {
  await stage('reloaded');
  const { reasons } = await refineInIdleTime();
  await stage('refined again');
  const canGoBack = profile.info.can_roll_back;
  await profile.rollback();
  await stage('rolled back');
  const exported = await profile.export();
  const file = (/** @type {string} */ name) => exported.get(name) ?? new Blob();
  const files = await bytesOf({
    'adapter_config.json': file('adapter_config.json'),
    'adapter_model.safetensors': file('adapter_model.safetensors'),
  });
  window.report({ type: 'done', stages, reasons, canGoBack, files });
} else {
  await profile.add(
    SPAM.flatMap((text, index) => [
      { text, label: 'spam' },
      { text: HAM[index] ?? '', label: 'not spam' },
    ]),
  );
  await profile.learn({ method: 'instant' });
  await stage('instant');
  const { reasons } = await refineInIdleTime();
  await stage('refined');
  window.report({ type: 'done', stages, reasons });
}
