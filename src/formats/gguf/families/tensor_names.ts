/** Maps llama.cpp's names of modules to the checkpoint's names. */
type Names = Readonly<Record<string, string>>;

/** The names of a family's tensors. */
export interface TensorNames {
  /** The checkpoint's module that contains the layers, such as 'model.layers'. */
  readonly block: string;
  /** The modules inside each layer. */
  readonly layers: Names;
  /** The modules outside the layers. */
  readonly others: Names;
}

/** The parts of a tensor's name, such as 'blk.7.attn_q.weight'. */
interface NameParts {
  readonly layer?: string;
  readonly module: string;
  readonly kind: string;
}

export function partsOf(name: string): NameParts | undefined {
  const [, layer, module, kind] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(name) ?? [];
  if (module === undefined || kind === undefined) return undefined;
  return { ...(layer !== undefined && { layer }), module, kind };
}

/** The checkpoint's name of a tensor, or the name itself if the checkpoint has no such tensor. */
export function checkpointName(name: string, { block, layers, others }: TensorNames): string {
  const { layer, module = '', kind } = partsOf(name) ?? {};
  const names = layer === undefined ? others : layers;
  const known = Object.hasOwn(names, module) ? names[module] : undefined;
  if (known === undefined) return name;
  return layer === undefined ? `${known}.${kind}` : `${block}.${layer}.${known}.${kind}`;
}
