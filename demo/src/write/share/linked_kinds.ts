/** An adapter kind that a link can hold, with the fields of its configuration that the link holds. */
export interface LinkedKind {
  /** Fields with whole numbers, each with the least and the greatest value that a link may hold. */
  readonly counts: Readonly<Record<string, readonly [least: number, most: number]>>;
  /** Fields with lists of modules' names, other than `target_modules`. */
  readonly lists: readonly string[];
  /** Other fields that change what an adapter computes. A link can hold an adapter only if these fields are absent or have these values. */
  readonly others: Readonly<Record<string, unknown>>;
  /** Fields that a configuration must have, with these values. */
  readonly required?: Readonly<Record<string, unknown>>;
}

const SEED = [0, Number.MAX_SAFE_INTEGER] as const;
const RANK = [1, 1024] as const;
const WHOLE = { bias: 'none', modules_to_save: null, layers_to_transform: null };

/** The adapter kinds that a link can hold, by `peft_type`. */
export const linkedKinds = {
  VERA: {
    counts: { r: RANK, projection_prng_key: SEED },
    lists: [],
    others: { ...WHOLE, use_dora: false },
    required: { save_projection: false },
  },
  UNILORA: { counts: { r: RANK, theta_d_length: [1, 60_000], proj_seed: SEED }, lists: [], others: WHOLE },
  IA3: { counts: {}, lists: ['feedforward_modules'], others: { modules_to_save: null, exclude_modules: null } },
} as const satisfies Readonly<Record<string, LinkedKind>>;
export type LinkedType = keyof typeof linkedKinds;

/** The adapter kind with this `peft_type`; undefined if links can't hold it. */
export function linkedKind(peft_type: unknown): LinkedKind | undefined {
  const isKnown = typeof peft_type === 'string' && Object.hasOwn(linkedKinds, peft_type);
  return isKnown ? linkedKinds[peft_type as LinkedType] : undefined;
}

/** Returns the names of the adapter configuration's fields that a shared link contains. */
export function linkedFields({ counts, lists }: LinkedKind): string[] {
  return ['target_modules', ...Object.keys(counts), ...lists];
}

/** Whether a link can represent all of a configuration. */
export function isPlain({ others, required = {} }: LinkedKind, config: Readonly<Record<string, unknown>>): boolean {
  return (
    Object.entries(others).every(([field, value]) => (config[field] ?? value) === value) &&
    Object.entries(required).every(([field, value]) => config[field] === value)
  );
}
