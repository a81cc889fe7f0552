import { expect, test } from 'vitest';
import { commentsOf, sentencesOf } from './lib/comments';
import { codeIn, textOf } from './lib/files';

/** Words with which a sentence must not begin, because they leave its subject unclear. */
const OPENER = /^(?:What|Which|Of|Where|Whoever|Whatever|Whichever|Nobody|Nothing)\b/;
/** Words that comments must not use, because ARCHITECTURE.md's "Words" has better ones. */
const WORDS =
  /\b(?:tell|tells|told|telling|(?:go|goes|went|going|gone) on|whoever|nobody|lets? go of|takes? along|kept)\b/i;

/** Finds an opener anywhere in a text. This is a quick check, so that only the few files with a match have to be split into comments. */
const OPENER_ANYWHERE = new RegExp(OPENER.source.replace('^', '\\b'));

/** Returns the comments of a file that break the rule. Code in backticks doesn't count. */
function riddles(file: string, text: string): readonly string[] {
  if (!WORDS.test(text) && !OPENER_ANYWHERE.test(text)) return [];
  return commentsOf(file, text)
    .filter((comment) => {
      const prose = comment.replace(/`[^`]*`/g, '`…`');
      return WORDS.test(prose) || sentencesOf(prose).some((sentence) => OPENER.test(sentence));
    })
    .map((comment) => `${file}: ${comment}`);
}

test.each(['src', 'shaders', 'scripts', 'bench', 'demo/src', 'test'])('comments in %s name their subject', (folder) => {
  const files = codeIn(folder);
  expect(files.length).toBeGreaterThan(40);
  expect(files.flatMap((file) => riddles(file, textOf(file)))).toEqual([]);
});

test.each([
  ['a.ts', '/** What the caller gets. */'],
  ['a.ts', '/** Which one it is. */'],
  ['a.ts', 'const a = 1; // Where it ends.'],
  ['a.test.ts', '/** Of 134 million, so a xorshift. */'],
  ['a.ts', '/**\n * One row.\n *\n * Of each token, its number.\n */\nconst a = 1;'],
  ['a.mjs', '/**\n * @param a Whatever comes.\n */\nfunction f(a) {}'],
  ['a.ts', 'f(/[\'"]/); // One that\n// is told to the page.'],
  ['a.ts', 'const a = `$' + '{b /* kept */}`;'],
  ['a.wgsl', 'let a = 1; // The sum goes on.'],
  ['a.wgsl', '/* Nobody reads it. */'],
  ['a.py', 'a = 1  # Nothing here.'],
  ['a.html', '<!-- Of the page -->'],
])('the rule of comments catches, in %s: %s', (file, text) => {
  expect(riddles(file, text)).toHaveLength(1);
});

test.each([
  ['a.ts', "const text = '// What is it?';"],
  ['a.ts', 'const address = `http://kept`;'],
  ['a.ts', '// The field `kept` has rows. They say what, and where.'],
  ['a.wgsl', '// The sum continues.'],
])('the rule of comments allows, in %s: %s', (file, text) => {
  expect(riddles(file, text)).toEqual([]);
});
