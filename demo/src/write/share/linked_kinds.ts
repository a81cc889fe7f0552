/** The kinds of adapters that a link can hold, with the fields of their configurations that it holds: all others have these values. */
interface LinkedKind {
  /** Whole numbers, and the least and the most that a link may hold. */
  readonly counts: Readonly<Record<string, readonly [least: number, most: number]>>;
  /** Lists of modules' names, beside `target_modules`. */
  readonly lists: readonly string[];
  readonly others: Readonly<Record<string, unknown>>;
}

const SEED = [0, Number.MAX_SAFE_INTEGER] as const;
const RANK = [1, 1024] as const;
/** Values of fields that any configuration may have. */
const COMMON = { bias: 'none', modules_to_save: null, layers_to_transform: null };

/** By `peft_type`. */
export const linkedKinds = {
  VERA: {
    counts: { r: RANK, projection_prng_key: SEED },
    lists: [],
    others: { ...COMMON, save_projection: false, use_dora: false },
  },
  UNILORA: { counts: { r: RANK, theta_d_length: [1, 60_000], proj_seed: SEED }, lists: [], others: COMMON },
  IA3: { counts: {}, lists: ['feedforward_modules'], others: COMMON },
} as const satisfies Readonly<Record<string, LinkedKind>>;
export type LinkedType = keyof typeof linkedKinds;

/** The kind of a `peft_type`; undefined if links can't hold it. */
export function linkedKind(peft_type: unknown): LinkedKind | undefined {
  const isKnown = typeof peft_type === 'string' && Object.hasOwn(linkedKinds, peft_type);
  return isKnown ? linkedKinds[peft_type as LinkedType] : undefined;
}

/** The names of the fields that a link holds. */
export function linkedFields({ counts, lists }: LinkedKind): string[] {
  return ['target_modules', ...Object.keys(counts), ...lists];
}
