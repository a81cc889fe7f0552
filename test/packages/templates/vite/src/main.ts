import { AutoModelForCausalLM, get_peft_model, Trainer, VeraConfig } from 'webvera';

const show = (line: string) => document.body.append(line, document.createElement('br'));

const base = await AutoModelForCausalLM.from_pretrained(new URL('/model/', location.href));
const model = await get_peft_model(base, new VeraConfig({ r: 16, target_modules: 'all-linear' }));

const text = await (await fetch('/text.txt')).blob();
const args = { max_steps: 4, max_length: 64, per_device_train_batch_size: 1 };
for await (const { type, state } of new Trainer({ model, args, train_dataset: text }).train()) {
  if (type === 'log') show(`step ${state.global_step}: loss ${state.log_history.at(-1)?.loss.toFixed(3)}`);
}

show(await model.generate('It was the whale', { max_new_tokens: 8 }));
const files = await model.save_pretrained({ id: 'mine' });
show(`kept ${files['adapter_model.safetensors'].size} bytes`);
