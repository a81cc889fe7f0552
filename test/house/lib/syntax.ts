import ts from 'typescript';

/** A function or a method: its file and line as `name`, and the numbers of lines in its body and of parameters. */
export interface FunctionSize {
  readonly name: string;
  readonly lines: number;
  readonly parameters: number;
}

/** Parses a TypeScript or JavaScript file, except for the syntax inside JSDoc comments, which takes long to parse. */
function parsed(file: string, text: string): ts.SourceFile {
  const jsDocParsingMode = ts.JSDocParsingMode.ParseNone;
  return ts.createSourceFile(file, text, { languageVersion: ts.ScriptTarget.Latest, jsDocParsingMode });
}

/** Returns all functions of a file that have a body: declarations, expressions, arrows, methods, constructors and accessors. */
export function functionsOf(file: string, text: string): readonly FunctionSize[] {
  const source = parsed(file, text);
  const lineAt = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const found: FunctionSize[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const { body } = node;
      const lines = lineAt(body.end) - lineAt(body.getStart(source)) + (ts.isBlock(body) ? -1 : 1);
      found.push({ name: `${file}:${lineAt(node.getStart(source))}`, lines, parameters: node.parameters.length });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Returns the names of a file's interfaces, type aliases, classes and enums, exported or not. */
export function typeNamesOf(file: string, text: string): readonly string[] {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const isType =
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isEnumDeclaration(node);
    if (isType && node.name) names.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(parsed(file, text));
  return [...names];
}

/** Returns the positions of the comments in a TypeScript or JavaScript file, in order. */
export function scriptComments(file: string, text: string): readonly { readonly pos: number; readonly end: number }[] {
  const source = parsed(file, text);
  const ranges = new Map<number, ts.CommentRange>();
  const visit = (node: ts.Node): void => {
    const children = node.getChildren(source);
    children.forEach(visit);
    if (children.length > 0) return;
    const leading = ts.getLeadingCommentRanges(text, node.pos) ?? [];
    const trailing = ts.getTrailingCommentRanges(text, node.end) ?? [];
    for (const range of [...leading, ...trailing]) ranges.set(range.pos, range);
  };
  visit(source);
  return [...ranges.values()].sort((a, b) => a.pos - b.pos);
}
