/**
 * Unites the targets of several configurations as PEFT does, into one list or one regular expression. Returns undefined for a mix of lists
 * and expressions, which PEFT rejects.
 */
export function unionOfTargets(
  fields: readonly (readonly string[] | string | null)[],
): readonly string[] | string | undefined {
  const expressions = fields.filter((field) => typeof field === 'string');
  if (expressions.length === 0) return [...new Set(fields.flatMap((field) => field ?? []))];
  return expressions.length === fields.length ? expressions.map((field) => `(${field})`).join('|') : undefined;
}
