import { scriptComments } from './syntax';

/** Patterns of comments in other languages than TypeScript and JavaScript. */
const BLOCKS_AND_LINES = /\/\*[\s\S]*?\*\/|\/\/.*/g;
const PATTERNS: Readonly<Record<string, RegExp>> = {
  wgsl: BLOCKS_AND_LINES,
  comp: BLOCKS_AND_LINES,
  c: BLOCKS_AND_LINES,
  css: /\/\*[\s\S]*?\*\//g,
  html: /<!--[\s\S]*?-->/g,
  py: /(?<=^|\s)#.*|"""[\s\S]*?"""/g,
};

/** The texts of a file's comments without their marks. Comments of one line each that follow each other are one text. */
export function commentsOf(file: string, text: string): readonly string[] {
  const pattern = PATTERNS[file.split('.').at(-1) ?? ''];
  const comments = pattern ? [...text.matchAll(pattern)].map(([comment]) => comment) : scriptComments(file, text);
  const joined: string[] = [];
  let isLine = false;
  for (const comment of comments) {
    const follows = isLine && /^(\/\/|#)/.test(comment);
    const plain = withoutMarks(comment);
    if (follows) joined.push(`${joined.pop()} ${plain}`);
    else joined.push(plain);
    isLine = /^(\/\/|#)/.test(comment);
  }
  return joined;
}

function withoutMarks(comment: string): string {
  return comment
    .replace(/^(\/\*+|<!--|"""|#)|(\*\/|-->|""")$/g, '')
    .replace(/^\s*(\*|\/\/+)\s?/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The sentences of a comment, with tags and the names of parameters taken from their beginnings. */
export function sentencesOf(comment: string): readonly string[] {
  return comment
    .split(/(?<=[.!?:]["')]?)\s+|\s*@(?:param|returns?|throws)\b(?:\s+\{[^}]*\})?(?:\s+\[?\w+\]?)?(?:\s+-)?\s+|\s+-\s+/)
    .map((sentence) => (sentence ?? '').trim())
    .filter((sentence) => sentence !== '');
}
