// The documents of the site, and the folder of Markdown from which VitePress builds them.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { inRepository } from '../shared/paths.mjs';

/** A placeholder for the site's path in the built files, until `relocate` makes their paths relative. */
export const SITE_BASE = '/-site-base-/';

export const REPOSITORY = 'https://github.com/webvera/webvera';

/**
 * Sections of the sidebar with their documents, as paths in the repository.
 * @type {readonly { title: string, files: readonly string[] }[]}
 */
export const SECTIONS = [
  {
    title: 'Begin',
    files: ['docs/guide/start.md', 'docs/guide/choose.md', 'docs/guide/write.md', 'docs/guide/personalise.md'],
  },
  {
    title: 'Guides',
    files: [
      ...['docs/guide/classify.md', 'docs/guide/images.md', 'docs/guide/preferences.md'],
      ...['docs/guide/tag.md', 'docs/guide/runs.md'],
      ...['docs/guide/frameworks.md', 'docs/guide/runtimes.md', 'docs/guide/hosting.md', 'docs/INTEGRATING.md'],
      ...['docs/guide/memory.md', 'docs/guide/elsewhere.md', 'docs/guide/troubleshooting.md'],
      ...['docs/guide/errors.md', 'docs/MISTAKES.md', 'docs/guide/questions.md'],
    ],
  },
  { title: 'Facts', files: ['docs/PEFT.md', 'docs/RESULTS.md', 'docs/BENCHMARKS.md', 'docs/guide/comparison.md'] },
  {
    title: 'Inside',
    files: [
      ...['docs/guide/how_it_works.md', 'docs/guide/kernel.md', 'ARCHITECTURE.md', 'SECURITY.md'],
      ...['CONTRIBUTING.md', 'CHANGELOG.md'],
    ],
  },
];

/** All documents with their paths in the site. */
export const PAGES = ['docs/index.md', ...SECTIONS.flatMap(({ files }) => files)].map((file) => ({
  file,
  path: sitePath(file),
}));

/** @param {string} file */
export function sitePath(file) {
  return file.replace(/^docs\//, '').toLowerCase();
}

/** The first heading of a document. @param {string} text */
export function titleOf(text) {
  return /^# (.+)$/m.exec(text)?.[1] ?? '';
}

/**
 * Returns the first paragraph below the first heading, as one line. It says who the document is for.
 * @param {string} text
 */
export function introductionOf(text) {
  const [, below = ''] = text.split(/^# .+$/m);
  const [paragraph = ''] = below.trim().split(/\n\n/);
  return paragraph.replaceAll('\n', ' ').trim();
}

/**
 * Rewrites a document's links for the site: links to other documents become paths in the site, links to other files of the repository
 * become addresses on GitHub. Code blocks aren't changed.
 * @param {string} text
 * @param {string} file the document's path in the repository
 */
export function linksForSite(text, file) {
  return text
    .split(/^(```[\s\S]*?^```)$/m)
    .map((part) =>
      part.startsWith('```')
        ? part
        : part.replace(/(\]\(|<img src=")([^)\s"]+)/g, (_, before, link) => before + linkForSite(link, file)),
    )
    .join('');
}

/** @param {string} link @param {string} file */
function linkForSite(link, file) {
  if (/^(?:[a-z]+:|#|\/)/.test(link)) return link;
  const [target = '', hash] = link.split('#');
  const wanted = posix.join(posix.dirname(file), target);
  const after = hash === undefined ? '' : `#${hash}`;
  const from = posix.dirname(sitePath(file));
  const page = PAGES.find((one) => one.file === wanted);
  if (page !== undefined) return relativePath(from, page.path) + after;
  if (/\.(?:png|svg)$/.test(wanted)) return relativePath(from, `images/${posix.basename(wanted)}`);
  const path = inRepository(wanted);
  if (!existsSync(path)) throw new Error(`${file} links to ${wanted}, which isn't there`);
  return `${REPOSITORY}/${statSync(path).isDirectory() ? 'tree' : 'blob'}/main/${wanted}${after}`;
}

/** @param {string} from a folder @param {string} to */
function relativePath(from, to) {
  const path = posix.relative(from, to);
  return path.startsWith('.') ? path : `./${path}`;
}

/** Writes the folder that VitePress builds. @param {string} folder */
export function preparePages(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(`${folder}/images`, { recursive: true });
  cpSync(inRepository('docs/.vitepress'), `${folder}/.vitepress`, { recursive: true });
  cpSync(inRepository('demo/public/favicon.svg'), `${folder}/favicon.svg`);
  for (const images of ['demo/screenshots', 'docs/images']) {
    cpSync(inRepository(images), `${folder}/images`, { recursive: true });
  }
  for (const { file, path } of PAGES) {
    const to = `${folder}/${path}`;
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, linksForSite(readFileSync(inRepository(file), 'utf8'), file));
  }
}
