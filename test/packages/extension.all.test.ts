import { readdirSync, readFileSync } from 'node:fs';
import puppeteer from 'puppeteer-core';
import { expect, test } from 'vitest';
import { findBrowser } from '../../scripts/browsers/find_browser.mjs';
import { PATIENCE } from '../../scripts/browsers/launch.mjs';
import { codeBlocks, GUIDES } from '../browser/docs/samples';
import { newTab } from '../browser/helpers/harness';
import { Project } from './project';
import { expectTrained } from './trained';

test('an extension of Manifest V3, in Chromium', async () => {
  const project = new Project();
  const chrome = await findBrowser('chrome');
  if (chrome === undefined) throw new Error('Needs Chromium');
  for (const { file, text } of codeBlocks(GUIDES.get('runtimes.md') ?? '')) {
    if (file !== undefined && /^(?:manifest|page)\./.test(file)) project.give(file, text);
  }
  project.addModel('.');
  for (const name of readdirSync('dist').filter((name) => name.endsWith('.js'))) {
    project.give(`webvera/${name}`, readFileSync(`dist/${name}`, 'utf8'));
  }
  const browser = await puppeteer.launch({
    executablePath: chrome.path,
    enableExtensions: true,
    pipe: true,
    timeout: PATIENCE,
    args: ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
  });
  try {
    const id = await browser.installExtension(project.folder);
    const page = await newTab(browser.defaultBrowserContext());
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => errors.push(message.text()));
    await page.goto(`chrome-extension://${id}/page.html`);
    await page
      .waitForFunction(() => /kept \d+ bytes/.test(document.body.textContent ?? ''))
      .catch(() => {
        throw new Error(errors.join('\n'));
      });
    expectTrained(await page.evaluate(() => document.body.textContent ?? ''));
    // The database belongs to the extension's own origin.
    expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBeGreaterThan(0);
  } finally {
    await browser.close();
    project.remove();
  }
});
