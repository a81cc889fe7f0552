// Makes docs/guide/errors.md, the page of all errors by code, from the source: from the comments of the codes, and from the messages and
// hints of all places that create an error. A test compares the file with the source, and writes it when run with `-u`.
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { inRepository, pathsBelow } from '../shared/paths.mjs';

/** @typedef {{ code: string, message: string, hint: string, file: string }} MadeError */

/** Folders whose errors report mistakes in webvera itself. */
const INSIDE = /^src\/(?:ops|graph)\//;

/** The classes of errors on the page. Errors of the store become `WebVeraError`s with the same code. */
const CLASSES = ['WebVeraError', 'StoreError'];

/**
 * @param {ReadonlyMap<string, string>} codes with their meanings
 * @param {readonly MadeError[]} errors
 */
export function errorsPage(codes, errors) {
  const sections = [...codes].map(([code, meaning]) => {
    const own = errors.filter((error) => error.code === code && code !== 'internal');
    const rows = [...new Set(own.map(({ message, hint }) => `| ${cell(message)} | ${cell(hint)} |`))].sort();
    const table = ['| Message | Hint |', '| --- | --- |', ...rows].join('\n');
    return `## ${code}\n\n${meaning}\n${rows.length === 0 ? '' : `\n${table}\n`}`;
  });
  return `# Errors by code

For everybody who has an error of webvera before them: its code, its meaning, and the messages that come with it.

Errors are \`WebVeraError\`s with a \`code\`, a \`message\`, a \`hint\` and \`retryable\`. A call that rejects has changed nothing, except a training run, whose adapter has what it learnt until then. This page is
made from the source, by \`npx vitest run --project node test/scripts/site -u\`; … stands for a value. An error that PEFT has, too, has
PEFT's text.

\`\`\`js
import { AutoModelForCausalLM, WebVeraError } from 'webvera';

try {
  await AutoModelForCausalLM.from_pretrained('/models/nothing/');
} catch (error) {
  if (!(error instanceof WebVeraError)) throw error;
  console.log(\`\${error.code}: \${error.message}. \${error.hint}\`);
}
\`\`\`

${sections.join('\n')}`;
}

/** Escapes text for a cell of a Markdown table. Within code, only bars and line breaks are replaced. @param {string} text */
function cell(text) {
  const parts = text
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ')
    .split(/(`[^`]+`)/);
  return parts.map((part, index) => (index % 2 === 1 ? part : plain(part))).join('');
}

/** @param {string} text */
function plain(text) {
  return text
    .replaceAll('<', '&lt;')
    .replaceAll('{{', '{&#123;')
    .replaceAll(/([*_])/g, '\\$1');
}

/** Returns the codes of `ErrorCode` with their comments. @returns {ReadonlyMap<string, string>} */
export function documentedCodes() {
  const file = inRepository('src/core/errors/error.ts');
  const text = readFileSync(file, 'utf8');
  const [, union = ''] = /export type ErrorCode =\n([\s\S]*?);\n/.exec(text) ?? [];
  const entries = [...union.matchAll(/(?:\/\*\* (.*) \*\/\s+)?\| '(\w+)'/g)];
  return new Map(entries.map(([, meaning = '', code = '']) => [code, meaning]));
}

/** @returns {MadeError[]} */
export function errorsOfSource() {
  return pathsBelow(inRepository('src'))
    .map((path) => `src/${path}`)
    .filter((file) => file.endsWith('.ts') && !INSIDE.test(file))
    .flatMap((file) => errorsIn(readFileSync(inRepository(file), 'utf8'), file));
}

/**
 * Returns the errors that a file creates with `new WebVeraError(code, message, { hint })` or `new StoreError`, if their codes and messages
 * are written in the file.
 * @param {string} text
 * @param {string} file
 * @returns {MadeError[]}
 */
export function errorsIn(text, file) {
  if (!CLASSES.some((name) => text.includes(`new ${name}(`))) return [];
  /** @type {MadeError[]} */
  const found = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isNewExpression(node) && CLASSES.includes(node.expression.getText())) {
      const [code, message, details] = node.arguments ?? [];
      const written = message === undefined ? undefined : textOf(message);
      if (code !== undefined && ts.isStringLiteral(code) && written !== undefined) {
        found.push({ code: code.text, message: written, hint: hintOf(details), file });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

/** @param {ts.Expression | undefined} details */
function hintOf(details) {
  if (details === undefined || !ts.isObjectLiteralExpression(details)) return '';
  const hint = details.properties.find((each) => ts.isPropertyAssignment(each) && each.name.getText() === 'hint');
  return hint !== undefined && ts.isPropertyAssignment(hint) ? textsOf(hint.initializer) : '';
}

/** Returns the text of a hint, or the texts of both hints if a condition chooses one. @param {ts.Expression} node @returns {string} */
function textsOf(node) {
  if (!ts.isConditionalExpression(node)) return textOf(node) ?? '';
  return [node.whenTrue, node.whenFalse]
    .map(textsOf)
    .filter((text) => /\p{L}/u.test(text))
    .join(' Or: ');
}

/**
 * Returns the text of a string or template, with … in place of its values that aren't constants.
 * @param {ts.Expression} node
 * @returns {string | undefined} undefined for other expressions
 */
function textOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isIdentifier(node)) return textOfConstant(node);
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map((span) => textOfValue(span.expression) + span.literal.text).join('');
}

/** Returns the text of a constant of the file, or … for other values in a template. @param {ts.Expression} value */
function textOfValue(value) {
  const isConstant = ts.isIdentifier(value) && /^[A-Z_]+$/.test(value.text);
  return (isConstant ? textOfConstant(value) : undefined) ?? '…';
}

/** Returns the text of the last constant with this name that is declared before its use. @param {ts.Identifier} name */
function textOfConstant(name) {
  /** @type {string | undefined} */
  let found;
  /** @param {ts.Node} node */
  const visit = (node) => {
    const isIt = ts.isVariableDeclaration(node) && node.name.getText() === name.text && node.end < name.pos;
    if (isIt && node.initializer !== undefined && !ts.isIdentifier(node.initializer)) found = textOf(node.initializer);
    ts.forEachChild(node, visit);
  };
  visit(name.getSourceFile());
  return found;
}
