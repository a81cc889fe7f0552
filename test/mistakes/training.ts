import {
  AutoModelForCausalLM,
  export_run,
  get_peft_model,
  PeftModel,
  type PreTrainedModel,
  Profile,
  Trainer,
  type TrainingArguments,
  VeraConfig,
  VeraModel,
} from '../../src/index';
import { rows, wrapped } from '../page/training/scripted_training';
import { any, type Mistake, withModel } from './mistake';

const files = { 'adapter_config.json': new Blob(['{}']), 'adapter_model.safetensors': new Blob(['x']) };

/** Calls a method that the object's type doesn't declare. */
const call = (object: object, method: string): unknown =>
  (object as Readonly<Record<string, () => unknown>>)[method]?.call(object);

const withBase = (act: (base: PreTrainedModel) => unknown): (() => Promise<unknown>) =>
  withModel(async ({ session }) => act(await AutoModelForCausalLM.from_pretrained('org/name', { session })));
const args = (given: object): (() => Promise<unknown>) =>
  withModel(({ model }) => new Trainer({ model, args: given as TrainingArguments, train_dataset: rows }));

export const TRAINING: readonly Mistake[] = [
  ['`{ epochs: 3 }`', args({ epochs: 3 })],
  ['`{ lr: 1e-4 }`', args({ lr: 1e-4 })],
  ['`{ batch_size: 8 }`', args({ batch_size: 8 })],
  ["`{ output_dir: 'out' }`", args({ output_dir: 'out' })],
  ["`{ optim: 'adamw' }`", args({ optim: 'adamw' })],
  ['`{ fp16: true }`', args({ fp16: true })],
  ["`{ learning_rate: '3e-2' }`", args({ learning_rate: '3e-2' })],
  ['`{ max_steps: 0 }`', args({ max_steps: 0 })],
  ['`{ per_device_train_batch_size: 0.5 }`', args({ per_device_train_batch_size: 0.5 })],
  ["`{ lr_scheduler_type: 'Cosine' }`", args({ lr_scheduler_type: 'Cosine' })],
  ['`{ adam_beta1: 1 }`', args({ adam_beta1: 1 })],
  ["`{ eval_strategy: 'steps' }` without data to measure on", args({ eval_strategy: 'steps' })],
  ['`{ load_best_model_at_end: true }` without evaluations', args({ load_best_model_at_end: true })],
  ['`{ group_by_length: true, shuffle: false }`', args({ group_by_length: true, shuffle: false })],
  ['a base model in `new Trainer`', withBase((base) => new Trainer({ model: any(base), train_dataset: rows }))],
  ['`new Trainer(model)`', withModel(({ model }) => new Trainer(any(model)))],
  ['no data', withModel(({ model }) => new Trainer(any({ model })))],
  [
    'one callback, not in a list',
    withModel(({ model }) => new Trainer({ model, train_dataset: rows, callbacks: any({}) })),
  ],
  [
    'a callback `onLog`',
    withModel(({ model }) => new Trainer({ model, train_dataset: rows, callbacks: any([{ onLog() {} }]) })),
  ],
  ['`trainer.fit()`', withModel(({ model }) => call(new Trainer({ model, train_dataset: rows }), 'fit'))],
  ['`evaluate()` without data', withModel(({ model }) => new Trainer({ model, train_dataset: rows }).evaluate())],
  ['`export_run(trainer)`', withModel(({ model }) => export_run(any(new Trainer({ model, train_dataset: rows }))))],
  ['`get_peft_model(model, { r: 8 })`', withBase((base) => get_peft_model(base, any({ r: 8 })))],
  ['`new VeraConfig({ rank: 8 })`', () => new VeraConfig(any({ rank: 8 }))],
  ['`new VeraConfig({ lora_alpha: 16 })`', () => new VeraConfig(any({ lora_alpha: 16 }))],
  ["`new VeraConfig({ r: '8' })`", () => new VeraConfig({ r: any('8') })],
  ['`new VeraConfig({ r: 0 })`', () => new VeraConfig({ r: 0 })],
  ['`new VeraModel(…)`', () => Reflect.construct(VeraModel, [])],
  ['files of an adapter in an array', withBase((base) => PeftModel.from_pretrained(base, any([files])))],
  [
    'one of the two files of an adapter',
    withBase((base) => VeraModel.from_pretrained(base, any({ 'adapter_config.json': new Blob(['{}']) }))),
  ],
  ['`model.train()`', withModel(({ model }) => call(model, 'train'))],
  ["`model.to('cuda')`", withModel(({ model }) => call(model, 'to'))],
  ['`load_adapter(source)` without a name', withModel(({ model }) => model.load_adapter(files, any(undefined)))],
  ["`Profile.open(model, '')`", withBase((base) => Profile.open(base, ''))],
  [
    'a closed session',
    async () => {
      const { session, model } = await wrapped();
      await session.close();
      return model.memory();
    },
  ],
  [
    'a model that was disposed of',
    withModel(async ({ model }) => {
      await model.dispose();
      return model.forward({ input_ids: [[1]] });
    }),
  ],
  ['`generate` with `max_length`', withModel(({ model }) => model.generate('a', any({ max_length: 9 })))],
  ["`generate('a', { do_sample: 'yes' })`", withModel(({ model }) => model.generate('a', { do_sample: any('yes') }))],
  ['`generate(text, signal)`', withModel(({ model }) => model.generate('a', any(new AbortController().signal)))],
  ['`temperature: 0`', withModel(({ model }) => model.generate('a', { temperature: 0 }))],
  ["`stop_strings: '.'`", withModel(({ model }) => model.generate('a', { stop_strings: any('.') }))],
  ['`top_p: 90`', withModel(({ model }) => model.generate('a', { top_p: 90 }))],
  ['`generate(42)`', withModel(({ model }) => model.generate(any(42)))],
  ['`predict([texts])`', withModel(({ model }) => model.predict(any(['a', 'b'])))],
  ['`predict_batch("a")`', withModel(({ model }) => model.predict_batch(any('a')))],
  ['`tokenizer.encode([texts])`', withModel(({ model }) => model.tokenizer?.encode(any(['a', 'b'])))],
];
