import { scriptComments } from './syntax';

/** These patterns find comments in languages other than TypeScript and JavaScript. */
const BLOCKS_AND_LINES = /\/\*[\s\S]*?\*\/|\/\/.*/g;
const PATTERNS: Readonly<Record<string, RegExp>> = {
  wgsl: BLOCKS_AND_LINES,
  comp: BLOCKS_AND_LINES,
  c: BLOCKS_AND_LINES,
  css: /\/\*[\s\S]*?\*\//g,
  html: /<!--[\s\S]*?-->/g,
  py: /(?<=^|\s)#.*|"""[\s\S]*?"""/g,
};

/** Returns the texts of a file's comments, without comment marks. Line comments on consecutive lines form one text. */
export function commentsOf(file: string, text: string): readonly string[] {
  const pattern = PATTERNS[file.split('.').at(-1) ?? ''];
  const places = pattern
    ? [...text.matchAll(pattern)].map(({ index, 0: { length } }) => ({ pos: index, end: index + length }))
    : scriptComments(file, text);
  const joined: string[] = [];
  let last = -1;
  for (const { pos, end } of places) {
    const comment = text.slice(pos, end);
    const follows = last >= 0 && isLine(comment) && /^\n[ \t]*$/.test(text.slice(last, pos));
    joined.push(follows ? `${joined.pop()}\n${withoutMarks(comment)}` : withoutMarks(comment));
    last = isLine(comment) ? end : -1;
  }
  return joined;
}

const isLine = (comment: string): boolean => /^(\/\/|#)/.test(comment);

function withoutMarks(comment: string): string {
  return comment
    .replace(/^(\/\*+|<!--|"""|#)|(\*\/|-->|""")$/g, '')
    .replace(/^[ \t]*(\*|\/\/+)[ \t]?/gm, '')
    .trim();
}

/** Splits a comment into its sentences, and removes tags and parameter names from their beginnings. */
export function sentencesOf(comment: string): readonly string[] {
  return comment
    .split(
      /\n\s*\n|(?<=[.!?:]["')]?)\s+|\s*@(?:param|property|returns?|throws)\b(?:\s+\{[^}]*\})?(?:\s+\[?\w+\]?)?(?:\s+-)?\s+|\s+-\s+/,
    )
    .map((sentence) => (sentence ?? '').trim())
    .filter((sentence) => sentence !== '');
}
