import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { REPOSITORY, SECTIONS, sitePath, titleOf } from '../../../scripts/site/pages.mjs';

// VitePress reads this file in out/site-pages, where `npm run site` puts the documents.
const source = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => readFileSync(join(source, path), 'utf8');

const sections = SECTIONS.map(({ title, files }) => ({
  text: title,
  items: files.map((file) => ({ text: titleOf(read(sitePath(file))), link: `/${sitePath(file)}` })),
}));

/** GitHub's names of headings, so that links hold in both places. */
const slugify = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

/** The reference's groups of names, as typedoc's folders have them. */
function referenceItems() {
  const groups = readdirSync(join(source, 'reference/webvera'), { withFileTypes: true });
  const own = groups.filter((entry) => entry.isDirectory() && !['ai', 'node', 'bench'].includes(entry.name));
  return own.map(({ name }) => ({
    text: name.replaceAll('-', ' ').replace(/^./, (letter) => letter.toUpperCase()),
    items: readdirSync(join(source, 'reference/webvera', name)).map((file) => ({
      text: file.replace('.md', ''),
      link: `/reference/webvera/${name}/${file}`,
    })),
  }));
}

const reference = existsSync(join(source, 'reference/index.md'))
  ? [{ text: 'Reference', items: [{ text: 'All names', link: '/reference/index.md' }] }, ...referenceItems()]
  : [];

export default defineConfig({
  title: 'webvera',
  description: "Fine-tune language and vision models inside a web page, on the visitor's own GPU.",
  // As data, because a relative address would be resolved again after each navigation.
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(read('favicon.svg'))}` }]],
  lang: 'en',
  // `npm run site` checks all links of the built folder.
  ignoreDeadLinks: true,
  markdown: {
    anchor: { slugify },
    toc: { slugify },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/guide/start.md' },
      { text: 'Reference', link: '/reference/index.md' },
      { text: 'Errors', link: '/guide/errors.md' },
      { text: 'Demo', link: '/demo/index.html', target: '_self' },
      { text: 'Gallery', link: '/demo/gallery.html', target: '_self' },
    ],
    sidebar: { '/reference/': reference, '/': sections },
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    docFooter: { prev: 'Before', next: 'Next' },
  },
});
