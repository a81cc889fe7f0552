// Makes the software bill of materials in the CycloneDX format: https://cyclonedx.org/specification/overview/.

/** @typedef {import('./notices.mjs').Notice} Notice */
/** @typedef {{ packages: Readonly<Record<string, { version?: string, integrity?: string, license?: string }>> }} Lock */
/** @typedef {{ name: string, version: string, license: string, dependencies?: Readonly<Record<string, string>> }} Package */

/**
 * Lists the package, the packages that it bundles, and its dependencies.
 * @param {Package} own
 * @param {readonly Pick<Notice, 'name' | 'version' | 'license'>[]} bundled
 * @param {Lock} lock
 */
export function sbomOf(own, bundled, lock) {
  const beside = Object.keys(own.dependencies ?? {}).map((name) => {
    const { version = '', license = '' } = lock.packages[`node_modules/${name}`] ?? {};
    return { name, version, license };
  });
  const components = [...bundled, ...beside].map((one) => ({
    ...component(one),
    hashes: hashesOf(lock.packages[`node_modules/${one.name}`]?.integrity),
  }));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: component(own) },
    components,
    dependencies: [{ ref: purlOf(own), dependsOn: components.map((one) => one['bom-ref']) }],
  };
}

/** @param {{ name: string, version: string, license: string }} one */
function component(one) {
  const { name, version, license } = one;
  const purl = purlOf(one);
  return { type: 'library', 'bom-ref': purl, name, version, purl, licenses: [{ license: { id: license } }] };
}

/** @param {{ name: string, version: string }} one */
function purlOf({ name, version }) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** Converts the `integrity` of a package's archive in the registry into CycloneDX's hashes. @param {string | undefined} integrity */
function hashesOf(integrity = '') {
  const [, hash] = /^sha512-(.+)$/.exec(integrity) ?? [];
  if (hash === undefined) throw new Error('expected a sha512 of each package in package-lock.json');
  return [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }];
}
