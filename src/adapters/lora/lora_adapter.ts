import { WebVeraError } from '../../core/errors/error';
import type { Graph } from '../../graph/graph';
import { type Value, viewOf } from '../../graph/value';
import { doraMerge } from '../../ops/dora/dora_merge';
import { doraNorm } from '../../ops/dora/dora_norm';
import { clear } from '../../ops/fill';
import { type LoraBranch, loraMerge, loraMergeBias } from '../../ops/lora/lora_linear';
import type { PoolVector } from '../../ops/rows/pool_vector';
import { widen } from '../../ops/rows/widen';
import { Adapter, type AdapterParts, type ResolvedAdapter } from '../adapter';
import { NOT_MIXED } from '../layers/magnitudes';
import type { LoraConfig } from './config/lora_config';
import { type LoraLayout, matrixName } from './lora_layout';

/** A LoRA configuration applied to a model, before the adapter has values. */
export interface ResolvedLora extends ResolvedAdapter<LoraConfig> {
  readonly layout: LoraLayout;
}

/**
 * A LoRA adapter on a loaded model. For each module, its pool holds lora_A, lora_B and, if configured, the bias of lora_B and the
 * magnitudes.
 */
export class LoraAdapter extends Adapter<ResolvedLora, undefined> {
  /** The matrices with their scale, by module. */
  readonly #branches: ReadonlyMap<string, Omit<LoraBranch, 'x'>>;
  /** The trained norms of the rows, by module; empty without DoRA. */
  readonly #magnitudes: ReadonlyMap<string, PoolVector>;

  constructor(parts: AdapterParts<ResolvedLora, undefined>) {
    super(parts);
    this.#branches = new Map([...this.layout.modules].map(([name, { scale }]) => [name, this.#viewsOf(name, scale)]));
    const rescaled = this.layout.use_dora ? [...this.layout.modules.keys()] : [];
    this.#magnitudes = new Map(
      rescaled.map((name) => [name, { pool: this.#viewOf(matrixName(name, 'magnitude_vector')), offset: 0 }]),
    );
  }

  override get leaves(): readonly Value[] {
    const matrices = [...this.#branches.values()].flatMap(({ A, B, bias }) => (bias ? [A, B, bias] : [A, B]));
    const magnitudes = [...this.#magnitudes.values()].map(({ pool }) => pool);
    return [...matrices, ...magnitudes, ...[...this.tensors.values()].map(({ value }) => value)];
  }

  override get dropout(): number {
    return this.config.lora_dropout;
  }

  get hyperparameters(): Readonly<Record<string, number>> {
    const scales = [...this.layout.modules].map(([name, { scale }]) => [`scale of ${name}`, scale] as const);
    return { r: this.config.r, ...Object.fromEntries(scales) };
  }

  /** Returns the matrices of a module with their scale; undefined if the adapter doesn't wrap the module. */
  branchOf(module: string): Omit<LoraBranch, 'x'> | undefined {
    return this.#branches.get(module);
  }

  /** Returns the trained row norms of a module; undefined without DoRA. */
  magnitudeOf(module: string): PoolVector | undefined {
    return this.#magnitudes.get(module);
  }

  override get notMixed(): string | undefined {
    return this.layout.use_dora ? NOT_MIXED : undefined;
  }

  /**
   * Without a weight, the result is scale · B·A, as in PEFT's `get_delta_weight`. With DoRA, each row of W + ΔW is multiplied by
   * m / ‖base + ΔW‖, where m is the row's trained norm.
   */
  merge(g: Graph, module: string, weight: Value | undefined, into: Value, base = weight): void {
    const branch = this.#branches.get(module);
    if (branch === undefined) throw new WebVeraError('internal', `The adapter doesn't wrap ${module}`);
    if (weight === undefined) {
      clear(g, into);
    } else {
      this.#expectMergeable(module);
      widen(g, weight, into);
    }
    loraMerge(g, branch, into);
    const magnitude = this.#magnitudes.get(module);
    if (magnitude !== undefined && base !== undefined)
      doraMerge(g, { magnitude, norm: doraNorm(g, base, branch) }, into);
  }

  override changesBias(): boolean {
    return this.layout.lora_bias;
  }

  override mergeBias(g: Graph, module: string, bias: Value, into: Value): void {
    const branch = this.#branches.get(module);
    if (branch?.bias === undefined) throw new WebVeraError('internal', `The adapter has no bias for ${module}`);
    widen(g, bias, into);
    loraMergeBias(g, { bias: branch.bias, scale: branch.scale }, into);
  }

  withPool(pool: Value): LoraAdapter {
    return new LoraAdapter({ ...this.parts, pool });
  }

  #expectMergeable(module: string): void {
    if (!this.layout.lora_bias || this.layout.modules.get(module)?.hasBias === true) return;
    const message = 'Impossible to merge LoRA with `lora_bias=True` because the base layer has no bias.';
    throw new WebVeraError('invalid_argument', message, {
      hint: `${module} has none, so there is no place for that of lora_B. Run the adapter unmerged.`,
    });
  }

  #viewsOf(module: string, scale: number): Omit<LoraBranch, 'x'> {
    const [A, B] = [this.#viewOf(matrixName(module, 'A.weight')), this.#viewOf(matrixName(module, 'B.weight'))];
    return { A, B, scale, ...(this.layout.lora_bias && { bias: this.#viewOf(matrixName(module, 'B.bias'), 1) }) };
  }

  #viewOf(name: string, columns?: number): Value {
    const { shape = [], offset = 0 } = this.layout.parameters.get(name) ?? {};
    return viewOf(this.pool, name, columns === undefined ? shape : [...shape, columns], offset);
  }
}
