/** The density of the standard normal distribution. */
export const normalDensity = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/**
 * The standard normal distribution function ½(1 + erf(x/√2)). Near 0 it sums a series whose terms all have one sign, x + x³/3 +
 * x⁵/(3·5) + …. Beyond ±4 it uses Laplace's continued fraction of the tail, 1/(x + 1/(x + 2/(x + 3/(x + …)))).
 */
export function normalCdf(x: number): number {
  const far = Math.abs(x);
  if (far > 4) {
    let fraction = far;
    for (let k = 100; k > 0; k--) fraction = far + k / fraction;
    const tail = normalDensity(x) / fraction;
    return x > 0 ? 1 - tail : tail;
  }
  let [term, sum] = [x, x];
  for (let k = 1; k < 100; k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + normalDensity(x) * sum;
}
