/** Applies rotary embeddings to the heads of size D in x (N, C). `turns` (N, D): row n has [cos (D/2) | sin (D/2)] of its angles. */
export function turned(x: Float64Array, turns: Float64Array, C: number, D: number): Float64Array {
  const half = D / 2;
  return x.map((own, at) => {
    const [n, j] = [Math.floor(at / C), at % D];
    const [cos, sin] = [turns[n * D + (j % half)]!, turns[n * D + half + (j % half)]!];
    return j < half ? own * cos - x[at + half]! * sin : own * cos + x[at - half]! * sin;
  });
}
