/** The white-space characters of Python, which differ from JavaScript's. */
const SPACE =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

const ENDS: ReadonlyMap<unknown, readonly [start: boolean, end: boolean]> = new Map([
  ['strip', [true, true]],
  ['trim', [true, true]],
  ['lstrip', [true, false]],
  ['rstrip', [false, true]],
]);

/**
 * Strips a text like Python's strip, lstrip and rstrip, and Jinja's trim: removes white space, or any of `characters`, from its ends.
 * Returns undefined for any other method. The library's own methods ignore `characters`.
 */
export function strip(text: string, method: unknown, characters: unknown): string | undefined {
  const ends = ENDS.get(method);
  if (ends === undefined) return undefined;
  const points = [...text];
  const stripped = new Set(typeof characters === 'string' ? characters : SPACE);
  let [from, to] = [0, points.length];
  if (ends[0]) while (from < to && stripped.has(points[from] ?? '')) from++;
  if (ends[1]) while (from < to && stripped.has(points[to - 1] ?? '')) to--;
  return points.slice(from, to).join('');
}
