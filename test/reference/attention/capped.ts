/** A score after the cap, if there is one. */
export function capped(score: number, softcap: number): number {
  return softcap === 0 ? score : softcap * Math.tanh(score / softcap);
}
