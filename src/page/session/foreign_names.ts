import type { ForeignMembers } from '../../core/errors/foreign_members';

const TRAINER = 'Training is new Trainer({ model, train_dataset }).train()';
const ONE_SWITCH = 'disable_adapter(async () => { … }) switches adapters off for as long as the function runs.';
const STILL = 'is_trainable, passed when an adapter is made or loaded, decides whether it trains.';
const NEEDS_ADAPTER = 'It takes a model with adapters: await get_peft_model(model, config).';

/** Methods of torch, PEFT and Keras that a base model lacks, with hints. A model with adapters has some of them, such as `add_adapter`. */
export const MODEL_METHODS: ForeignMembers = {
  train: `${TRAINER}; there is no mode to switch to.`,
  fit: `${TRAINER}.`,
  eval: 'There is no mode to switch to: only training drops anything.',
  to: 'Models stay on the GPU of their session.',
  cuda: 'Models stay on the GPU of their session.',
  parameters: 'state_dict() gives tensors, named_modules() the modules.',
  print_trainable_parameters: 'get_nb_trainable_parameters() gives the numbers.',
  push_to_hub: 'save_pretrained() gives the files of an adapter, export_model() those of a model.',
  create_or_update_model_card:
    'save_pretrained() gives the files of an adapter. What is published with them is up to you.',
  get_base_model: 'The model that adapters were put on stays as it was: use that one.',
  enable_adapter_layers: ONE_SWITCH,
  disable_adapter_layers: ONE_SWITCH,
  requires_grad_: STILL,
  set_requires_grad: STILL,
  get_nb_trainable_parameters: NEEDS_ADAPTER,
  add_adapter: NEEDS_ADAPTER,
  load_adapter: 'An adapter is put on a base model by await PeftModel.from_pretrained(model, source).',
  set_adapter: NEEDS_ADAPTER,
  delete_adapter: NEEDS_ADAPTER,
  disable_adapter: NEEDS_ADAPTER,
  merge_adapter: NEEDS_ADAPTER,
  merge_and_unload: NEEDS_ADAPTER,
  save_pretrained: `${NEEDS_ADAPTER} export_model() gives the files of a base model.`,
};

/** Properties of PEFT that a model lacks. */
export const MODEL_PROPERTIES: ForeignMembers = {
  active_adapter: 'active_adapters has the names of all that are active.',
  active_peft_config: 'It is peft_config[active_adapters[0]].',
  base_model: 'The model that adapters were put on stays as it was: use that one.',
  peft_type: 'It is peft_config[active_adapters[0]].peft_type.',
};

/** Methods of transformers and Keras that a trainer lacks. */
export const TRAINER_METHODS: ForeignMembers = {
  fit: 'It is called train().',
  save_model: 'The model has what was learnt: await model.save_pretrained({ id: … }).',
  save_pretrained: 'The model has what was learnt: await model.save_pretrained({ id: … }).',
  push_to_hub: 'model.save_pretrained() gives the files.',
};

const COUNTED = 'The tokens of messages are (await model.tokenizer.apply_chat_template(messages)).length.';
const NO_EVENTS =
  'There are no events: the oldest prompts are dropped, and a prompt that is too long even without them rejects.';

/** Methods of browsers' Prompt API that a session lacks. */
export const LANGUAGE_METHODS: ForeignMembers = {
  measureInputUsage: COUNTED,
  measureContextUsage: COUNTED,
  addEventListener: NO_EVENTS,
};

/** Properties of browsers' Prompt API that a session lacks. */
export const LANGUAGE_PROPERTIES: ForeignMembers = {
  inputUsage: COUNTED,
  inputQuota: COUNTED,
  contextUsage: COUNTED,
  contextWindow: COUNTED,
};
