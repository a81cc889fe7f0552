// The reference of all public names, made by typedoc from their comments.
import { existsSync, readFileSync } from 'node:fs';
import { Application } from 'typedoc';
import { inRepository, pathsBelow } from '../shared/paths.mjs';
import { REPOSITORY } from './pages.mjs';

/** The package's entry points, by the names that typedoc derives from their paths. */
const ENTRIES = {
  src: { name: 'webvera', file: 'src/index.ts' },
  'src/ai': { name: 'webvera/ai', file: 'src/ai.ts' },
  'src/node': { name: 'webvera/node', file: 'src/node.ts' },
  bench: { name: 'webvera/bench', file: 'bench/index.ts' },
};

/** Writes the reference as Markdown for VitePress. @param {string} folder */
export async function writeReference(folder) {
  const options = {
    name: 'Reference',
    entryPoints: Object.values(ENTRIES).map(({ file }) => inRepository(file)),
    tsconfig: inRepository('tsconfig.json'),
    plugin: ['typedoc-plugin-markdown'],
    readme: 'none',
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    disableGit: true,
    gitRevision: 'main',
    basePath: inRepository('.'),
    sourceLinkTemplate: `${REPOSITORY}/blob/main/{path}#L{line}`,
    outputs: [{ name: 'markdown', path: folder }],
    logLevel: 'Error',
    skipErrorChecking: true,
    // Options of typedoc-plugin-markdown.
    entryFileName: 'index.md',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    sanitizeComments: true,
    useHTMLEncodedBrackets: true,
    useCodeBlocks: true,
    parametersFormat: 'table',
    enumMembersFormat: 'table',
  };
  const app = await Application.bootstrapWithPlugins(/** @type {import('typedoc').TypeDocOptions} */ (options));
  const project = await app.convert();
  if (project === undefined) throw new Error('typedoc could not read the public names');
  for (const module of project.children ?? []) {
    const entry = Object.entries(ENTRIES).find(([name]) => name === module.name);
    if (entry === undefined) throw new Error(`typedoc made a module of another name: ${module.name}`);
    module.name = entry[1].name;
  }
  await app.generateOutputs(project);
}

/**
 * Returns a message for each public name in the reports in `api/` that has no page in the built reference.
 * @param {string} site
 */
export function missingNames(site) {
  const pages = pathsBelow(`${site}/reference`).map((path) => path.replace(/^.*\/|\.html$/g, ''));
  return ['webvera', 'ai', 'node', 'bench'].flatMap((entry) =>
    publicNames(entry)
      .filter((name) => !pages.includes(name))
      .map((name) => `the reference has no page about ${name} of api/${entry}.api.md`),
  );
}

/** Returns the exported names of an entry point, from its report in `api/`. @param {string} entry */
export function publicNames(entry) {
  const report = inRepository(`api/${entry}.api.md`);
  if (!existsSync(report)) throw new Error(`${report} is missing: npm run api writes it`);
  const text = readFileSync(report, 'utf8');
  const declared = /^export (?:declare |abstract )*(?:class|function|interface|type|const) (\w+)/gm;
  return [...new Set([...text.matchAll(declared)].map(([, name = '']) => name))];
}
