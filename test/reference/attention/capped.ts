/** Applies the soft cap to a score. A cap of 0 means none. */
export function capped(score: number, softcap: number): number {
  return softcap === 0 ? score : softcap * Math.tanh(score / softcap);
}
