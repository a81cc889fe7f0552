// Writes llms.txt and llms-full.txt: the site's documents as text for language models.
import { readFileSync, writeFileSync } from 'node:fs';
import { introductionOf, PAGES, SECTIONS, sitePath, titleOf } from './pages.mjs';

/**
 * @param {string} site the built site
 * @param {string} source the folder with the site's Markdown
 */
export function writeLlms(site, source) {
  const read = (/** @type {string} */ path) => readFileSync(`${source}/${path}`, 'utf8');
  const sections = SECTIONS.map(({ title, files }) => {
    const lines = files.map((file) => {
      const text = read(sitePath(file));
      return `- [${titleOf(text)}](${sitePath(file).replace('.md', '.html')}): ${introductionOf(text).replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')}`;
    });
    return `## ${title}\n\n${lines.join('\n')}\n`;
  });
  const reference = '- [Reference](reference/index.html): all public names.';
  const head = `# webvera

> Fine-tunes language and vision models inside a web page with adapters of Hugging Face PEFT's formats, in a Web Worker on WebGPU.

All documents in one text: [llms-full.txt](llms-full.txt)
`;
  writeFileSync(`${site}/llms.txt`, `${[head, ...sections, `## Reference\n\n${reference}\n`].join('\n')}`);
  const texts = PAGES.filter(({ path }) => path !== 'index.md').map(({ path }) => read(path));
  writeFileSync(`${site}/llms-full.txt`, texts.join('\n\n---\n\n'));
}
