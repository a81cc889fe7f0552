import {
  Adapter,
  type AdapterKind,
  type AdapterParts,
  type LayerOptions,
  type ModuleSize,
  type ResolvedAdapter,
} from '../../../src/adapters/adapter';
import { layoutPool, savedName } from '../../../src/adapters/pool/pool_layout';
import { trainedTensors } from '../../../src/adapters/pool/trained_tensors';
import { factsOf, resolveTargets } from '../../../src/adapters/targets/targets';
import { WebVeraError } from '../../../src/core/errors/error';
import { normals } from '../../../src/core/numbers/rng';
import type { Graph } from '../../../src/graph/graph';
import { type Value, VIEW_ALIGNMENT, viewOf } from '../../../src/graph/value';
import { type Layers, layersOver } from '../../../src/models/layers';
import { copyInto } from '../../../src/ops/copy';
import { dropout } from '../../../src/ops/dropout';
import { emitLinearBackward, linear } from '../../../src/ops/products/linear';
import { widen } from '../../../src/ops/rows/widen';
import { LoraConfig } from './lora_config';

type ResolvedLora = ResolvedAdapter<LoraConfig>;

/** The name of `lora_A` or `lora_B` of a module in PEFT's files. */
const matrixName = (module: string, side: 'A' | 'B'): string => savedName(`${module}.lora_${side}.weight`);

/** y = x·Wᵀ + B·(A·x), with an A (r, in) and a B (out, r) for each module: the least that a kind of adapters has. */
export const loraKind: AdapterKind<LoraAdapter, ResolvedLora, undefined> = {
  Config: LoraConfig,
  tuner: 'LoraModel',
  resolve(given, model, { warn }) {
    const { modules: wrapped, fields } = resolveTargets(given, model.modules, factsOf(model, warn), {
      defaults: { llama: ['q_proj', 'v_proj'] },
    });
    const config = new LoraConfig({ ...given, ...fields });
    const modules = new Map<string, ModuleSize>(wrapped.map((module) => [module.name, module]));
    const trained = trainedTensors(config, modules.keys(), model);
    const matrices = wrapped.flatMap(({ name, in_features, out_features }) => [
      { name: matrixName(name, 'A'), shape: [config.r, in_features] },
      { name: matrixName(name, 'B'), shape: [out_features, config.r] },
    ]);
    // Kernels bind A and B one by one.
    return { config, modules, trained, layout: layoutPool(matrices, trained, VIEW_ALIGNMENT) };
  },
  initial({ layout }, seed) {
    const pool = new Float32Array(layout.length);
    for (const [at, [name, { shape, offset }]] of [...layout.parameters].entries()) {
      const [rows = 0, columns = 0] = shape;
      if (!name.includes('lora_A')) continue;
      const drawn = normals({ seed, stream: 'init', at }, rows * columns);
      pool.set(
        drawn.map((value) => value / Math.sqrt(columns)),
        offset,
      );
    }
    return pool;
  },
  create: (parts) => new LoraAdapter(parts),
  layers: loraLayers,
  parameterName: (saved, adapter) => saved.replace(/\.weight$/, `.${adapter}.weight`),
  file: () => ({ frozen: [], chooseFrozen: () => new Map() }),
  checkFile: (_, stored) => new Set([...stored.keys()].filter((name) => /\.lora_[AB]\.weight$/.test(name))),
};

export class LoraAdapter extends Adapter<ResolvedLora, undefined> {
  /** The views into the pool, by saved name. */
  readonly matrices: ReadonlyMap<string, Value>;

  constructor(parts: AdapterParts<ResolvedLora, undefined>) {
    super(parts);
    this.matrices = new Map(
      [...this.layout.parameters].map(([name, { shape, offset }]) => [name, viewOf(this.pool, name, shape, offset)]),
    );
  }

  override get leaves(): readonly Value[] {
    return [...this.matrices.values(), ...[...this.tensors.values()].map(({ value }) => value)];
  }

  override get dropout(): number {
    return this.config.lora_dropout;
  }

  get hyperparameters() {
    return { r: this.config.r };
  }

  matricesOf(module: string): { readonly A: Value; readonly B: Value } | undefined {
    const [A, B] = [this.matrices.get(matrixName(module, 'A')), this.matrices.get(matrixName(module, 'B'))];
    return A && B && { A, B };
  }

  merge(g: Graph, module: string, weight: Value | undefined, into: Value): void {
    const matrices = this.matricesOf(module);
    if (matrices === undefined) throw new WebVeraError('internal', `The adapter doesn't wrap ${module}`);
    if (weight !== undefined) widen(g, weight, into);
    const sum = weight === undefined ? undefined : into;
    const merged = emitLinearBackward(g, [{ dy: matrices.B, weight: matrices.A }], { sum });
    if (merged !== undefined) copyInto(g, merged, into, 0);
  }

  withPool(pool: Value): LoraAdapter {
    return new LoraAdapter({ ...this.parts, pool });
  }
}

function loraLayers(
  g: Graph,
  base: Layers,
  adapters: readonly LoraAdapter[],
  { mergedModules, source }: LayerOptions,
): Layers {
  let draws = 0;
  const dropped = (x: Value, p: number): Value => {
    if (source === undefined || p === 0) return x;
    draws += 1;
    return dropout(g, x, { p, module: draws, ...source });
  };
  return layersOver(base, (uses, x) =>
    base.apply(uses, x).map((y, index) => {
      const name = uses[index]?.name ?? '';
      if (mergedModules.has(name)) return y;
      return adapters.reduce((residual, adapter) => {
        const matrices = adapter.matricesOf(name);
        if (matrices === undefined) return residual;
        const low = linear(g, dropped(x, adapter.dropout), matrices.A);
        return linear(g, low, matrices.B, undefined, { residual });
      }, y);
    }),
  );
}
