import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import {
  type AdapterFiles,
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  AutoModelForSequenceClassification,
  AutoModelForTokenClassification,
  get_peft_model,
  type PreTrainedModel,
  Session,
  type SessionOptions,
  VeraConfig,
  type VeraModel,
} from '../../../src/index';
import { goldenBase, goldenCase } from '../golden/golden';
import { taskOfBase } from '../golden/golden_batches';
import { type Pretence, type SessionGpu, sessionGpu } from './session_gpu';

export interface TestSession extends SessionGpu {
  readonly session: Session;
  /** The codes of the warnings so far. */
  readonly warnings: string[];
}

/** Opens a session in this thread, on the device that all tests share. */
export async function openTestSession(options: SessionOptions = {}, pretence?: Pretence): Promise<TestSession> {
  const shared = sessionGpu(pretence);
  const session = await Session.open({ worker: false, gpu: shared.gpu, store: 'memory', ...options });
  const warnings: string[] = [];
  session.addEventListener('warning', ({ code }) => warnings.push(code));
  return { ...shared, session, warnings };
}

/** Opens a session, runs `body` with it, and closes it. */
export async function within<T>(options: SessionOptions, body: (opened: TestSession) => Promise<T>): Promise<T> {
  const opened = await openTestSession(options);
  try {
    return await body(opened);
  } finally {
    await opened.session.close();
  }
}

/** The class that loads models for each task. */
export const AUTO_CLASSES = {
  causal_lm: AutoModelForCausalLM,
  sequence_classification: AutoModelForSequenceClassification,
  image_classification: AutoModelForImageClassification,
  token_classification: AutoModelForTokenClassification,
  feature_extraction: AutoModel,
};

/** Loads the base model of a golden case. */
export function loadBase({ session }: TestSession, name: string): Promise<PreTrainedModel> {
  const { base } = goldenCase(name);
  // PEFT computed and merged all cases in float32; bfloat16 would round merged weights.
  const dtype = base === 'base/llama-bf16' ? 'float32' : 'auto';
  return AUTO_CLASSES[taskOfBase(base)].from_pretrained(goldenBase(base), { session, dtype });
}

/** Loads a golden case's base model and adds a new adapter. */
export async function loadVera(opened: TestSession, name: string): Promise<VeraModel> {
  const { vera_config, base } = goldenCase(name);
  const config = new VeraConfig({ ...vera_config, base_model_name_or_path: base });
  return get_peft_model(await loadBase(opened, name), config);
}

/** Returns the tensors of an adapter's files, by name. */
export async function vectorsOf(files: AdapterFiles): Promise<Map<string, Float32Array>> {
  return tensorsOf(files['adapter_model.safetensors']);
}

/** Returns the tensors of a safetensors file, by name. */
export async function tensorsOf(file: Blob): Promise<Map<string, Float32Array>> {
  const { tensors } = readSafetensors(await bytesOf(file));
  return new Map([...tensors].map(([name, tensor]) => [name, toFloat32(tensor)]));
}

/** Returns the bytes of a Blob. */
export async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await blob.arrayBuffer());
}
