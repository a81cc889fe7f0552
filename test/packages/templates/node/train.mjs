import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { AutoModelForCausalLM, get_peft_model, openDawn, openFolder, Session, Trainer, VeraConfig } from 'webvera/node';

const session = await Session.open({ worker: false, gpu: await openDawn() });
const base = await AutoModelForCausalLM.from_pretrained(await openFolder('public/model'), { session });
const model = await get_peft_model(base, new VeraConfig({ r: 16, target_modules: 'all-linear' }));

const text = await openAsBlob('public/text.txt');
const args = { max_steps: 4, max_length: 64, per_device_train_batch_size: 1 };
for await (const { type, state } of new Trainer({ model, args, train_dataset: text }).train()) {
  if (type === 'log') console.log(`step ${state.global_step}: loss ${state.log_history.at(-1)?.loss.toFixed(3)}`);
}

console.log(await model.generate('It was the whale', { max_new_tokens: 8 }));
const files = await model.save_pretrained();
for (const [name, file] of Object.entries(files)) await writeFile(name, file.stream());
console.log(`kept ${files['adapter_model.safetensors'].size} bytes`);
await session.close();
