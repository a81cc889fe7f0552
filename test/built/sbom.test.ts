import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

test('the parts of the package are listed with their licences and hashes', () => {
  const { components, ...sbom } = JSON.parse(read('dist/sbom.json'));
  const { version, devDependencies, dependencies } = JSON.parse(read('package.json'));
  const { packages } = JSON.parse(read('package-lock.json'));
  expect(sbom).toMatchObject({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    metadata: { component: { purl: `pkg:npm/webvera@${version}` } },
  });
  const bundled = [...read('dist/THIRD-PARTY-NOTICES').matchAll(/^-+\n\n(\S+) (\S+) \((.+)\)$/gm)].map(
    ([, name, version, license]) => ({ name, version, license }),
  );
  expect(bundled.length).toBeGreaterThan(2);
  for (const { name, version } of bundled) expect([name, version]).toEqual([name, devDependencies[name!]]);
  expect(components.map(({ name }: { name: string }) => name)).toEqual([
    ...bundled.map(({ name }) => name),
    ...Object.keys(dependencies),
  ]);
  for (const { name, version, hashes, purl } of components) {
    const { integrity, version: installed } = packages[`node_modules/${name}`];
    expect(version).toBe(installed);
    expect(purl).toBe(`pkg:npm/${name.replace('@', '%40')}@${version}`);
    const [{ alg, content }] = hashes;
    expect([alg, `sha512-${Buffer.from(content, 'hex').toString('base64')}`]).toEqual(['SHA-512', integrity]);
  }
});

test('installing the package runs no script', () => {
  const { scripts, dependencies } = JSON.parse(read('package.json'));
  const { packages } = JSON.parse(read('package-lock.json'));
  for (const moment of ['preinstall', 'install', 'postinstall', 'prepare']) expect(scripts).not.toHaveProperty(moment);
  for (const name of Object.keys(dependencies)) {
    expect(packages[`node_modules/${name}`], name).not.toHaveProperty('hasInstallScript');
  }
});
