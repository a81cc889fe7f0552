import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { beforeAll, expect, test } from 'vitest';
import { createTokenizer, type TextTokenizer } from '../../src/tokenizer/tokenizer';
import { longTexts, proseText } from '../helpers/models/tokenizers';
import { fetchPublished, type PublishedName, publishedNames, readPublished } from './published';

const repositoryFile = (name: string): string => readFileSync(resolve(import.meta.dirname, '../..', name), 'utf8');
const book = repositoryFile('demo/public/text/moby-dick.txt');
const plain = { add_special_tokens: false };

/** The lengths of the parts that a text is streamed in. A part may end anywhere, even within a surrogate pair. */
const PARTS = [1, 3, 40, 1023, 32_771, 7, 4099];
/** Texts above 2^17 characters are encoded in pieces. */
const LONG = 2 ** 17 + 4001;
/** Tokenizers that decode a text's tokens to the same text, or to its Unicode normal form. */
const FAITHFUL: readonly PublishedName[] = ['qwen3', 'deepseek_v3', 'gpt4o', 'gemma3'];

const texts: readonly (readonly [kind: string, text: string])[] = [
  ['nothing', ''],
  ['a word', 'Harbour'],
  ['English', proseText(10_000)],
  ['a book', book.slice(50_000, 90_000)],
  ['code', repositoryFile('src/tokenizer/definition.ts')],
  ['a shader', repositoryFile('shaders/norms/rms_norm.wgsl')],
  ['JSON', repositoryFile('package.json')],
  ['Markdown and its tables', repositoryFile('CONTRIBUTING.md')],
  ['Chinese', '人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。\n'.repeat(20)],
  ['Japanese', 'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。'],
  ['Korean', '모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.'],
  ['Arabic', 'يولد جميع الناس أحراراً متساوين في الكرامة والحقوق، وقد وُهبوا عقلاً وضميراً. ١٢٣٤ '.repeat(20)],
  ['Hindi', 'सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।'],
  ['Thai, without spaces', 'มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ'],
  [
    'marks apart from their letters',
    'E\u0301lise a\u0300 la cre\u0300me, A\u030angstro\u0308m \ufb01n \u212b ½ Ⅳ ΣΊΣΥΦΟΣ İstanbul ß',
  ],
  ['emoji', '🙂👍🏽 👨‍👩‍👧‍👦🇫🇷 ❤️‍🔥 x🙂y 🏴󠁧󠁢󠁳󠁣󠁴󠁿'],
  ['numbers', '3.14159 1,000,000 12345678901234567890 0x1F -7e-12 ²³ ٣٤ 2024-05-01 00:00:00.000'],
  ['white space', '  a\t\tb\r\n\r\n  c \u00a0d\u2003e\u3000f\v\f\n\n\n   \n\tg\u200b\ufeffh\u0085i\u2028j   '],
  ['nothing but white space', ' \n  \t \n\n   '],
  ['capitals', "THE HTTPServer's parseXMLDoc I'LL WON'T iPhone ÉCOLE Don'T"],
  ['signs', '--- *** ... !?!?!? ((([[{{}}]]))) $$ #include <x> a/b\\c //// ===> ~~~ `` “q” ‘q’ — …'],
  ['controls', 'a\u0000b\u0001c\u007fd\ufffde'],
  ['half characters', 'a\ud83db \ude42c'],
  ['▁ and Ġ', 'a▁b ▁▁c Ġd Ċ ▁'],
  [
    'special tokens',
    'a<s>b </s> <unk><bos><start_of_turn>user\nx<end_of_turn> <|endoftext|>\n<|im_start|>system <|eot_id|> ' +
      '<think>\n</think><｜User｜> [CLS] [MASK] [mask] [SEP]<|endof <pad><eos>\n\n\n\n    <|begin_of_text|>',
  ],
  ...longTexts(1500),
];

let folder: string | undefined;
beforeAll(async () => {
  folder = await fetchPublished(console.warn);
}, 300_000);

test.for(publishedNames)('%s: the ids of the reference, and its texts', (name, { skip }) => {
  if (folder === undefined) return skip("npm's registry can't be reached");
  const { tokenizerJson, tokenizerConfig } = readPublished(folder, name);
  const ours = createTokenizer(tokenizerJson, tokenizerConfig);
  const [json, config] = [JSON.parse(tokenizerJson), JSON.parse(tokenizerConfig)];
  // Since transformers 5, decoding with BPE never removes spaces. The reference package is older than that.
  const cleanUp = json.model.type === 'BPE' ? { clean_up_tokenization_spaces: false } : {};
  const reference = new Tokenizer(json, { ...config, ...cleanUp });

  for (const [kind, given] of texts) {
    const text = name === 'bert' ? withoutLastSigmas(given) : given;
    const ids = ours.encode(text);
    expectSame(kind, ids, reference.encode(text).ids);
    const decoded = ours.decode(ids);
    expectSame(`${kind}, decoded`, [...decoded], ids.length === 0 ? [] : [...reference.decode(ids)]);
    if (!FAITHFUL.includes(name) || text.includes('▁')) continue;
    const back = ours.decode(ours.encode(text, plain));
    // UTF-8 can't encode half a surrogate pair.
    const whole = Buffer.from(text).toString();
    expectSame(`${kind}, there and back`, [...back], [...(name === 'qwen3' ? whole.normalize() : whole)]);
  }
  const long = [...longTexts(10_000).map(([, text]) => text), book].join('\n').slice(0, LONG);
  const whole = reference.encode(long, plain).ids;
  expectSame('a long text', ours.encode(long, plain), whole);
  expectSame('a long text in parts', inParts(ours, long), whole);
});

/** Replaces Σ at the end of words: the reference lowercases it to ς, but Hugging Face's own library and webvera to σ. */
function withoutLastSigmas(text: string): string {
  return text.replaceAll(/Σ\b|Σ(?=\s)/g, 'Α');
}

function inParts(tokenizer: TextTokenizer, text: string): number[] {
  const stream = tokenizer.stream();
  const ids: number[] = [];
  let at = 0;
  for (let i = 0; at < text.length; i++) {
    const end = at + (PARTS[i % PARTS.length] as number);
    for (const piece of stream.push(text.slice(at, end))) ids.push(...piece);
    at = end;
  }
  return [...ids, ...stream.finish()];
}

/** Compares two lists. On failure, shows only the items around the first difference. */
function expectSame<T>(kind: string, got: readonly T[], expected: readonly T[]): void {
  let at = 0;
  while (at < expected.length && got[at] === expected[at]) at++;
  const around = (list: readonly T[]): readonly T[] => list.slice(Math.max(0, at - 3), at + 5);
  expect({ kind, at, around: around(got), length: got.length }).toEqual({
    kind,
    at,
    around: around(expected),
    length: expected.length,
  });
}
