import { afterAll, expect } from 'vitest';
import { type AdaptedModel, AutoModelForCausalLM, type PreTrainedModel } from '../../../src/index';
import { idsOf } from '../../helpers/generated_ids';
import { type GoldenCase, goldenBase, goldenCase, largestDifference, tokensOf } from '../../helpers/golden/golden';
import { openTestSession } from '../../helpers/session/session';
import { basePath, Folders } from './folders';
import { type ForwardAnswer, type ForwardRequest, Peft, type TrainRequest } from './peft';
import { trainHere } from './training';

const NEW_TOKENS = 6;
/** Matches PEFT's warnings about files without VeRA's A and B. */
const ABOUT_THE_KEY = /^Specified to not (save|load) vera_A and vera_B/;

export interface Learning {
  readonly learning_rate: number;
  readonly max_steps: number;
}

/** A golden case's language model, opened in webvera and in PEFT. Both are closed at the end of the `describe` block that opens them. */
export class BothSides {
  readonly golden: GoldenCase;
  readonly base: PreTrainedModel;
  /** The path of the base model's folder, for PEFT. */
  readonly inPeft: string;
  readonly peft = new Peft();
  readonly folders = new Folders();
  readonly #learning: Learning;

  private constructor(golden: GoldenCase, base: PreTrainedModel, learning: Learning) {
    this.golden = golden;
    this.base = base;
    this.inPeft = basePath(golden.base);
    this.#learning = learning;
  }

  static async open(name: string, learning: Learning): Promise<BothSides> {
    const golden = goldenCase(name);
    const { session } = await openTestSession();
    const base = await AutoModelForCausalLM.from_pretrained(goldenBase(golden.base), { session });
    const both = new BothSides(golden, base, learning);
    afterAll(async () => {
      both.peft.close();
      await session.close();
    });
    return both;
  }

  /** Runs a forward pass in PEFT, and generates some tokens. */
  forward(request: Pick<ForwardRequest, 'adapter' | 'merge'> & { readonly base?: string }): Promise<ForwardAnswer> {
    const { batch } = this.golden.inputs;
    return this.peft.forward({
      base: this.inPeft,
      batch,
      prompt: batch.input_ids[0]!,
      new_tokens: NEW_TOKENS,
      ...request,
    });
  }

  /** Trains in webvera, and returns the losses. */
  trainHere(model: AdaptedModel): Promise<number[]> {
    return trainHere(model, this.golden.inputs.train_batches, this.#learning);
  }

  /** Trains a new or a saved adapter in PEFT. Returns the losses and the trained adapter's folder. */
  async trainInPeft(start: Pick<TrainRequest, 'adapter' | 'config'>) {
    const { learning_rate, max_steps: steps } = this.#learning;
    const out = this.folders.make();
    const batches = this.golden.inputs.train_batches;
    const { losses } = await this.peft.train({ base: this.inPeft, batches, learning_rate, steps, out, ...start });
    return { losses, adapter: out };
  }

  /** Expects webvera's model to compute the same as PEFT, but not the same as the base model. */
  async expectSame(model: PreTrainedModel, theirs: ForwardAnswer): Promise<void> {
    const { golden, base } = this;
    const { batch } = golden.inputs;
    const { logits_abs, loss_abs } = golden.tolerance;
    expect(theirs.warnings.filter((warning) => !ABOUT_THE_KEY.test(warning))).toEqual([]);
    const isToken = tokensOf(batch, Number(base.config.vocab_size));
    const plain = await base.forward(batch);
    expect(largestDifference(plain.logits.data, theirs.logits, isToken)).toBeGreaterThan(50 * logits_abs);
    const { logits, loss } = await model.forward(batch);
    expect(largestDifference(logits.data, theirs.logits, isToken)).toBeLessThanOrEqual(logits_abs);
    expect(Math.abs(loss! - theirs.loss)).toBeLessThanOrEqual(loss_abs);
    const options = { max_new_tokens: NEW_TOKENS, eos_token_id: null };
    const tokens = await idsOf(model.generate(batch.input_ids[0]!, options));
    expect(tokens).toEqual(theirs.greedy);
  }

  /** Continues training on both sides from the same adapter, and expects the same losses and the same model. */
  async expectSameTraining(model: AdaptedModel, adapter: string): Promise<void> {
    const there = await this.trainInPeft({ adapter });
    const { losses_abs } = this.golden.expect.train[0]!.tolerance;
    expect(largestDifference(await this.trainHere(model), there.losses)).toBeLessThanOrEqual(losses_abs);
    await this.expectSame(model, await this.forward({ adapter: there.adapter }));
  }
}
