import type { Instead } from '../core/tell_instead';

const TRAINER = 'Training is new Trainer({ model, train_dataset }).train()';
const NEEDS_ADAPTER = 'It takes a model with adapters: await get_peft_model(model, new VeraConfig({ … })).';

/** Of torch, PEFT and Keras, on any model. A model with adapters has those that take adapters. */
export const MODEL_METHODS: Instead = {
  train: `${TRAINER}; there is no mode to switch to.`,
  fit: `${TRAINER}.`,
  eval: 'There is no mode to switch to: only training drops anything.',
  to: 'Models stay on the GPU of their session.',
  cuda: 'Models stay on the GPU of their session.',
  parameters: 'state_dict() gives tensors, named_modules() the modules.',
  print_trainable_parameters: 'get_nb_trainable_parameters() gives the numbers.',
  push_to_hub: 'save_pretrained() gives the files of an adapter, export_model() those of a model.',
  get_nb_trainable_parameters: NEEDS_ADAPTER,
  add_adapter: NEEDS_ADAPTER,
  load_adapter: 'An adapter is put on a base model by await VeraModel.from_pretrained(model, source).',
  set_adapter: NEEDS_ADAPTER,
  merge_and_unload: NEEDS_ADAPTER,
  save_pretrained: `${NEEDS_ADAPTER} export_model() gives the files of a base model.`,
};

/** Of transformers and Keras, on a trainer. */
export const TRAINER_METHODS: Instead = {
  fit: 'It is called train().',
  save_model: 'The model has what was learnt: await model.save_pretrained({ id: … }).',
  save_pretrained: 'The model has what was learnt: await model.save_pretrained({ id: … }).',
  push_to_hub: 'model.save_pretrained() gives the files.',
};
