/** Applies the repetition penalty to the logit of a token that the text already contains. */
export function penalised(z: number, penalty: number): number {
  return Math.fround(z < 0 ? z * penalty : z / penalty);
}

export interface Cut {
  readonly temperature: number;
  /** The number of largest logits from which tokens are drawn; 0 for all. */
  readonly top_k: number;
  /** The share of the total probability that the tokens which may be drawn have together; 1 for all tokens. */
  readonly top_p: number;
}

/**
 * Returns the tokens that may be drawn: the fewest of the `top_k` largest logits that together have `top_p` of their probability.
 * Logits that equal the last of the `top_k` are included. Among equal logits, lower ids come first.
 */
export function candidates(z: ArrayLike<number>, { temperature, top_k, top_p }: Cut): Set<number> {
  const ranked = Array.from(z, (_, v) => v).sort((a, b) => Number(z[b]! > z[a]!) - Number(z[b]! < z[a]!));
  const best = z[ranked[0]!]!;
  const kth = z[ranked[Math.min(top_k || z.length, z.length) - 1]!]!;
  const first = ranked.filter((v) => z[v]! >= kth);
  if (top_p >= 1) return new Set(first);
  const weights = first.map((v) => (z[v] === best ? 1 : Math.exp((z[v]! - best) / temperature)));
  // Rounds to float32, so that a `top_p` of 0.3 selects three of ten equal tokens.
  const wanted = Math.fround(top_p * weights.reduce((a, b) => a + b));
  let above = 0;
  const kept = first.filter((_, place) => {
    const isKept = place === 0 || above < wanted;
    above += weights[place]!;
    return isKept;
  });
  return new Set(kept);
}
