/** Data for hints about misspelled options of one class, in addition to the data for all classes. */
export interface OwnNames {
  /** For each option of the class: its names in other libraries, in lowercase and without punctuation, separated by spaces. */
  readonly aliases: Readonly<Record<string, string>>;
  /** For each option that the class doesn't need: the reason. Keys are in lowercase and without punctuation. */
  readonly notNeeded: Readonly<Record<string, string>>;
}

const NONE: OwnNames = { aliases: {}, notNeeded: {} };

/** For each option of webvera: its names in other libraries, in lowercase and without punctuation, separated by spaces. */
const ALIASES: Readonly<Record<string, string>> = {
  r: 'rank dim',
  target_modules: 'target targets modules',
  projection_prng_key: 'seed key prngkey',
  num_train_epochs: 'epochs epoch trainepochs',
  max_steps: 'steps trainsteps iterations',
  learning_rate: 'lr rate',
  per_device_train_batch_size: 'batchsize batch trainbatchsize',
  gradient_accumulation_steps: 'gradientaccumulation accumulationsteps gradaccum',
  lr_scheduler_type: 'scheduler schedule lrscheduler',
  warmup_steps: 'warmup',
  weight_decay: 'decay',
  adam_beta1: 'beta1',
  adam_beta2: 'beta2',
  adam_epsilon: 'epsilon eps',
  max_grad_norm: 'clip gradclip gradientclipping clipnorm',
  max_length: 'maxseqlength maxsequencelength sequencelength blocksize',
  train_dataset: 'dataset data traindata trainset trainingdata examples text texts',
  eval_dataset: 'evaldata evalset validationdata validationdataset testdataset',
  args: 'arguments trainingargs trainingarguments config options settings',
  resume_from_checkpoint: 'resume checkpoint',
  max_new_tokens: 'maxlength maxtokens newtokens tokens',
  do_sample: 'sample sampling',
  temperature: 'temp',
  top_p: 'nucleus nucleussampling',
  repetition_penalty: 'repeatpenalty',
  stop_strings: 'stop stopstring stopsequence stopsequences stopwords',
  eos_token_id: 'eos eostoken',
  progress_callback: 'progress onprogress callback',
  revision: 'branch tag commit',
  signal: 'abort abortsignal abortcontroller controller',
  input_ids: 'ids inputs tokens',
  attention_mask: 'mask',
  labels: 'targets',
  id: 'name key',
  adapter_name: 'name adapter selectedadapters',
  adapter_names: 'adapters',
  'all-linear': 'linear all alllayers alllinearlayers',
  projection_dtype: 'dtype torchdtype',
  dtype: 'torchdtype precision',
  float16: 'fp16 f16 half',
  float32: 'fp32 f32 full',
  bfloat16: 'bf16',
  q8: 'int8 uint8 q80',
  q4: 'q4f16 bnb4 int4 nf4 q40',
  auto: 'bfloat16',
};

/** Options of other libraries that webvera does not need, with the reason. */
const NOT_NEEDED: Readonly<Record<string, string>> = {
  device: 'Models run on the GPU, always.',
  devicemap: 'Models run on the GPU, always.',
  fp16: 'webvera computes in float32.',
  bf16: 'webvera computes in float32.',
  tokenizer: 'The tokenizer comes with the model.',
  processingclass: 'The tokenizer comes with the model.',
  peftconfig: 'Add the adapter to the model first: await get_peft_model(model, config).',
  datacollator: 'webvera makes the batches from the examples.',
  outputdir: 'webvera writes no folders: model.save_pretrained() returns the files.',
  trustremotecode: 'Nothing in a repository is ever executed.',
  cachedir: 'Downloads are cached in this browser; in Node, in the folder that WEBVERA_CACHE names.',
  optim: 'The optimiser is AdamW, always.',
  streamer: 'Iterate over the result of generate(): for await (const { text } of model.generate(…)).',
  safeserialization: 'Files are safetensors, always.',
  ismainprocess: 'There is one process.',
  saveembeddinglayers: 'Frozen weights are part of the base model; list a module that trains in modules_to_save.',
  autocastadapterdtype: 'Adapters are float32, always.',
  lowcpumemusage: 'Weights go to the GPU one by one, always.',
  ephemeralgpuoffload: 'A session has one device.',
  torchdevice: 'A session has one device.',
  ignoremismatchedsizes: 'Only the head of a classifier can be replaced by a new one; all other weights must fit.',
  keymapping: "Modules have the checkpoint's names, which PEFT's files use too.",
  subfolder: "It is part of the source: { repo: 'org/name', subfolder: '…' }.",
  mixed: 'There are no adapters of other methods to mix with.',
};

/**
 * Returns the hint for an unknown name `given`: why the option is not needed, or the known name that was probably meant. Returns '' if
 * neither applies.
 */
export function suggestion(given: string, known: readonly string[], own = NONE): string {
  const needless = plain(given);
  const reasons = { ...NOT_NEEDED, ...own.notNeeded };
  if (Object.hasOwn(reasons, needless)) return reasons[needless] ?? '';
  const near = nearName(given, known, own);
  return near ? `Did you mean ${near}?` : '';
}

/** The maximum length of names that are compared, which limits the cost. All known names are shorter. */
const LONGEST = 60;

/** Returns the known name that the caller probably meant, if `given` is spelt differently, comes from another library, or is mistyped. */
export function nearName(given: string, known: readonly string[], own = NONE): string | undefined {
  if (given.length > LONGEST) return undefined;
  const wanted = plain(given);
  const mistakes = Math.min(2, Math.floor(wanted.length / 3));
  const near = known.map((name) => ({ name, distance: distance(wanted, plain(name)) }));
  const [nearest] = near.filter(({ distance }) => distance <= mistakes).sort((a, b) => a.distance - b.distance);
  if (nearest?.distance === 0) return nearest.name;
  const aliases: Readonly<Record<string, string>> = { ...ALIASES, ...own.aliases };
  const isCalled = (name: string): boolean =>
    Object.hasOwn(aliases, name) && (aliases[name]?.split(' ') ?? []).includes(wanted);
  return known.find(isCalled) ?? nearest?.name;
}

/**
 * The maximum number of names in a hint. If a class has more, the hint lists the `NEAREST` names that are spelt most like the given one.
 */
const MOST_NAMES = 8;
const NEAREST = 3;

/**
 * Returns the hint for an unknown argument: the suggestion and all known arguments. If there are more than `MOST_NAMES` known
 * arguments, the hint is only the suggestion, or lists the nearest arguments if there is no suggestion.
 */
export function argumentHint(given: string, known: readonly string[], own = NONE): string {
  const meant = suggestion(given, known, own);
  if (known.length <= MOST_NAMES) return `${meant} It takes ${known.join(', ')}.`.trimStart();
  if (meant !== '') return meant;
  const near = nearestNames(given, known, NEAREST);
  return `It takes ${known.length} arguments; the nearest are ${near.slice(0, -1).join(', ')} and ${near.at(-1)}.`;
}

/** Returns the `count` known names that are spelt most like `given`. Names with a word in common come first. */
export function nearestNames(given: string, known: readonly string[], count: number): readonly string[] {
  const wanted = plain(given.slice(0, LONGEST));
  const words = given
    .slice(0, LONGEST)
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word.length > 2);
  const far = (name: string): number => {
    const shared = words.filter((word) => name.toLowerCase().includes(word)).length;
    return distance(wanted, plain(name)) - LONGEST * shared;
  };
  return known
    .map((name) => ({ name, far: far(name) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, count)
    .map(({ name }) => name);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z\d]/g, '');
}

/** Returns the edit distance: how many letters to insert, delete, replace, or swap with the next one. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
        at(i - 1, j - 1) + (isSame ? 0 : 1),
        isSwapped ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
  }
  return at(a.length, b.length);
}
