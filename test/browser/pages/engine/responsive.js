// Trains the bundled model like `npm run finetune` when Start is clicked, and shows its progress.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { modelUrl, trainingText } from '../lib/prose.js';

const MAX_STEPS = 10;

const { AutoModelForCausalLM, get_peft_model, Trainer, VeraConfig } = await loadLibrary();

async function train() {
  const base = await AutoModelForCausalLM.from_pretrained(modelUrl);
  const target_modules = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];
  const model = await get_peft_model(base, new VeraConfig({ r: 64, target_modules, save_projection: false }));
  const args = { max_steps: MAX_STEPS, learning_rate: 6e-2, per_device_train_batch_size: 2, max_length: 128 };
  for await (const event of new Trainer({ model, args, train_dataset: await trainingText() }).train()) {
    if (event.type === 'log') document.querySelector('#step')?.replaceChildren(`${event.logs.step} of ${MAX_STEPS}`);
  }
}

document.querySelector('#start')?.addEventListener('click', train, { once: true });
