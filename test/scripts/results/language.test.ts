import { expect, test } from 'vitest';
import { tableRows } from '../../helpers/bytes/tables';

const rows = tableRows('docs/RESULTS.md', 'Language').map(([adapter = '', , rate = '', validation, tested, , KiB]) => ({
  adapter,
  rate: Number(rate),
  validation: Number.parseFloat(validation ?? ''),
  tested: Number.parseFloat(tested ?? ''),
  KiB: Number(KiB),
}));
type Row = (typeof rows)[number];
const of = (name: string): readonly Row[] => rows.filter(({ adapter }) => adapter.startsWith(name));
/** Returns the row with the lowest perplexity on the validation text. */
const chosen = ([first, ...others]: readonly Row[]): Row => {
  if (first === undefined) throw new Error('no such row');
  return others.reduce((best, row) => (row.validation < best.validation ? row : best), first);
};
const base = chosen(of('none'));
const lora = chosen(of('LoRA'));
const gain = ({ tested }: Row): number => Math.log(base.tested / tested);

test("a VeRA of a fifth of LoRA's bytes has four fifths of its gain in log perplexity, as README.md says", () => {
  const vera = chosen(of('VeRA').filter(({ KiB }) => KiB <= lora.KiB / 5));
  expect(gain(vera)).toBeGreaterThan(0.8 * gain(lora));
});

test('the default rate is the best one of (IA)³ by the validation', () => {
  expect(chosen(of('(IA)³')).rate).toBe(0.03);
});

test('the default rate is the best one of VeRA by the validation', () => {
  expect(chosen(of('VeRA')).rate).toBe(0.1);
});
