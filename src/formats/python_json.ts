export interface PythonJsonFields {
  /** Fields whose numbers are Python floats: 1 is written as 1.0. */
  readonly floats?: readonly string[];
  /** Fields whose objects keep the order of their entries, because the order has a meaning. Other objects are sorted by key. */
  readonly ordered?: readonly string[];
}

/** Writes JSON like Python's `json.dumps(value, indent=2, sort_keys=True)`. */
export function pythonJson(value: unknown, { floats = [], ordered = [] }: PythonJsonFields = {}): string {
  return dump(value, { floats, ordered }, '\n');
}

function dump(value: unknown, fields: Required<PythonJsonFields>, newline: string, field = ''): string {
  const inner = `${newline}  `;
  const list = (open: string, entries: readonly string[], close: string): string =>
    entries.length === 0 ? open + close : open + inner + entries.join(`,${inner}`) + newline + close;
  if (Array.isArray(value)) {
    return list(
      '[',
      value.map((entry) => dump(entry, fields, inner, field)),
      ']',
    );
  }
  if (typeof value === 'object' && value !== null) {
    const given = Object.entries(value).filter(([, entry]) => entry !== undefined);
    const entries = fields.ordered.includes(field) ? given : given.sort(([a], [b]) => (a < b ? -1 : 1));
    return list(
      '{',
      entries.map(([key, entry]) => `${quote(key)}: ${dump(entry, fields, inner, key)}`),
      '}',
    );
  }
  if (typeof value === 'string') return quote(value);
  return typeof value === 'number' && fields.floats.includes(field) ? float(value) : JSON.stringify(value);
}

/** Escapes everything outside printable ASCII, as Python does. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Writes a float as Python does: the shortest form, with an exponent of at least two digits from 1e16 up and below 1e-4. */
function float(value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 16) return Number.isInteger(value) ? `${value}.0` : String(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
