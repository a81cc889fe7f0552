import { BASE } from '../../src/adapters/layers/overlay';
import { bucketLength } from '../../src/core/numbers/bucket';
import { decodeProgram } from '../../src/generate/generation_program';
import { createGenerationState, packGenerationBlocks } from '../../src/generate/generation_state';
import { cacheValues, createLayerCaches } from '../../src/generate/layer_caches';
import type { Step } from '../../src/graph/step';
import { byteLength, type Value } from '../../src/graph/value';
import { textSizes } from '../../src/models/architecture';
import { baseTensor } from '../../src/models/loaded_model';
import { outlineOf } from '../../src/models/outline';
import { type ModelStageOptions, openModel } from './model_stage';
import { loadPlain } from './plain';
import { type Stage, type StageStep, stepsOf } from './replays';
import { waves } from './waves';

export interface DecodeStageOptions extends ModelStageOptions {
  /** The number of tokens in the text before the measured step. */
  readonly position: number;
  /** The number of tokens for which the cache of keys and values must have room. */
  readonly longest: number;
}

/** The step that generates one token of one text, on its own device. */
export interface DecodeStage extends Stage {
  /** Bytes of the weights that a step reads. */
  readonly weightBytes: number;
  /** All dispatches of a step, in order. */
  readonly steps: readonly StageStep[];
  /** Two dispatches for comparison: one that does almost nothing, and one that does little but read a matrix. */
  readonly plainSteps: readonly StageStep[];
  /** Bytes that the second of `plainSteps` reads. */
  readonly plainBytes: number;
}

/** The number of consecutive steps, after which the text is shortened to `position` tokens again. */
const STEPS = 16;
const GREEDY = {
  max_new_tokens: STEPS,
  do_sample: false,
  temperature: 1,
  top_k: 0,
  top_p: 1,
  repetition_penalty: 1,
  seed: 0,
  stop_strings: [],
  eos_token_id: null,
  adapter_name: undefined,
  adapter_names: undefined,
};

/** Opens a device and loads a model and the step that generates a token. Throws `unsupported_device`, and the errors of loading a model. */
export async function openDecodeStage(
  gpu: GPU | undefined,
  { position, longest, ...options }: DecodeStageOptions,
): Promise<DecodeStage> {
  const { host, executor, loaded } = await openModel(gpu, options);
  try {
    const { maxLength, vocabSize } = textSizes(loaded.model);
    const S = bucketLength(longest, maxLength);
    const caches = createLayerCaches(outlineOf(loaded).caches, 1, S);
    for (const value of cacheValues(caches)) executor.write(value, waves(value));
    const state = createGenerationState(1, S, vocabSize);
    await executor.allocate(Object.values(state));
    const { program } = decodeProgram({ loaded, overlay: BASE, caches, state, B: 1 });
    const weightBytes = weightBytesOf(program.steps, new Set(loaded.weights.values()));
    const embedding = baseTensor(loaded, `${loaded.model.head.outputEmbedding}.weight`);
    const plain = await loadPlain(executor, embedding, weightBytes);
    const decode = await executor.load(program);
    /** Shortens the text to `position` tokens again. */
    const reset = (): void => {
      executor.write(state.positions, Uint32Array.of(position - 1));
      executor.write(state.block, packGenerationBlocks(GREEDY, [position]));
    };
    return {
      executor,
      info: host.info,
      weightBytes,
      steps: stepsOf(decode, host.info),
      plainSteps: stepsOf(plain.loaded, host.info),
      plainBytes: plain.bytes,
      reset,
      run(times) {
        for (let time = 0; time < times; time++) {
          if (time % STEPS === 0) reset();
          executor.run(decode);
        }
      },
      replay({ program, index }, times) {
        reset();
        executor.replay(program, index, times);
      },
      close: () => executor.close(),
    };
  } catch (error) {
    executor.close();
    throw error;
  }
}

/** Returns the bytes of weights that steps read. Each dispatch reads its weights once, but an embedding lookup reads only one row. */
function weightBytesOf(steps: readonly Step[], weights: ReadonlySet<Value>): number {
  const bytesOf = ({ kernel, values }: Step): number =>
    [...new Set(Object.values(values))]
      .filter((value) => weights.has(value))
      .reduce((sum, value) => sum + byteLength(value) / (kernel.name === 'embedding' ? (value.shape[0] ?? 1) : 1), 0);
  return steps.reduce((sum, step) => sum + bytesOf(step), 0);
}
