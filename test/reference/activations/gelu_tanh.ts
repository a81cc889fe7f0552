const tanhOf = (x: number): number => Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));

/** GELU in its tanh approximation: ½x·(1 + tanh(√(2/π)·(x + 0.044715x³))). */
export const geluTanh = (x: number): number => 0.5 * x * (1 + tanhOf(x));

/** The derivative of `geluTanh`. */
export function geluTanhSlope(x: number): number {
  const tanh = tanhOf(x);
  const inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x ** 2);
  return 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh ** 2) * inner;
}
