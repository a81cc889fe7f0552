/**
 * A model's config.json with Hugging Face's keys, unchanged except for missing labels: a loaded classifier's labels always have names, by
 * default `LABEL_0`, `LABEL_1` and so on, as in transformers.
 */
export type PretrainedConfig = Readonly<Record<string, unknown>> & { readonly model_type: string };

/** Plain data about a task, which the page receives with a loaded model. */
export interface TaskFacts<Name extends string = string> {
  readonly name: Name;
  /** The name of the public class that loads models for this task. */
  readonly autoClass: string;
  /** Endings of transformers' class names for models of this task, as in config.json's `architectures`. */
  readonly classEndings: readonly string[];
  readonly inputs: 'texts' | 'images';
  /** Whether `forward` takes a label for each token or for each row. */
  readonly labels: 'of tokens' | 'of rows';
  /** Whether config.json names the labels, as `id2label`. */
  readonly hasNamedLabels: boolean;
  /** Whether models of this task can continue texts. */
  readonly generates: boolean;
  /** The fields of an adapter config that make PEFT train the head too. */
  readonly trainsHead: {
    readonly task_type?: 'SEQ_CLS' | 'TOKEN_CLS' | 'QUESTION_ANS';
    readonly modules_to_save?: readonly string[];
  };
}

/** The transformers version whose module names a model uses: versions 4 and 5 differ. Files use the names of version 4. */
export type ModuleNames = 'v4' | 'v5';

/** The kind of a classifier's output: one class of several, any number of labels at once, or a number for each label. */
export type ProblemType = 'single_label_classification' | 'multi_label_classification' | 'regression';

/** The labels of a classifier. */
export interface LabelOptions {
  /** Default: the number of labels in config.json, or 2. With 1, the model predicts a number. */
  readonly num_labels?: number;
  /** The labels' names by index, from 0. */
  readonly id2label?: Readonly<Record<number, string>>;
  /**
   * Default: the value in config.json, if config.json has the same number of labels or says 'multi_label_classification'; else 'regression'
   * for one label and 'single_label_classification' for several.
   */
  readonly problem_type?: ProblemType;
}

/** One module of a model, as in torch's `named_modules()`. Linear layers have `in_features` and `out_features`. */
export interface ModuleInfo {
  readonly name: string;
  /** torch's class name: 'Linear', 'Conv1D', 'Embedding', … */
  readonly type: string;
  readonly in_features?: number;
  readonly out_features?: number;
  /** The module's `repr` in Python, if it contains more than the type: 'Embedding(96, 32, padding_idx=2)'. */
  readonly repr?: string;
}

/**
 * How weight matrices are stored on the GPU; vectors are always float32. 'auto': as in the files. 'q8' and 'q4': packed while loading, into
 * 9 and 5 bits for each number. Embeddings and the output embedding use 9 bits even with 'q4'. Matrices whose rows aren't a multiple of 32
 * stay as in the files.
 */
export type ModelDtype = 'auto' | 'float32' | 'float16' | 'bfloat16' | 'q8' | 'q4';

/** Exactly the two files that PEFT's `save_pretrained` writes. */
export interface AdapterFiles {
  readonly 'adapter_config.json': Blob;
  readonly 'adapter_model.safetensors': Blob;
}

/** How trained numbers are stored in a file. 'float16' takes half the bytes: each number is rounded to the nearest, ties to even. */
export type SaveDtype = 'float32' | 'float16';

export type ProjectionDtype = 'float32' | 'float16' | 'bfloat16';

/** The memory of a session on the GPU: all of its models, adapters and runs together. */
export interface MemoryReport {
  /** The bytes of all buffers in use. */
  readonly gpu_bytes: number;
  /** The most bytes that were in use at once. */
  readonly peak_gpu_bytes: number;
  /** The number of GPU buffers in use. */
  readonly buffers: number;
}

export interface ParameterCount {
  readonly trainable: number;
  readonly all: number;
}
