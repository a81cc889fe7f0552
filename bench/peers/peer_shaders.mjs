// Prints, as JSON, the shaders with which a peer computes a matrix product: as it hands them to WebGPU, here and now, from
// the package that is installed. Arguments: the peer, and the product's rows, columns and inner size.
import { create, globals } from 'webgpu';
import { chooseLavapipe } from '../../scripts/browsers/dawn.mjs';
import { importBundled } from './bundle.mjs';

/** @typedef {import('../isa/print_spirv.mjs').Source} Source */
/** @typedef {{ createProduct: (sizes: { rows: number, columns: number, inner: number }) => Promise<() => Promise<unknown>> }} Peer */

const [peer = '', ...sizes] = process.argv.slice(2);
const [rows = 0, columns = 0, inner = 0] = sizes.map(Number);

/** @type {WeakMap<GPUShaderModule, string>} */
const texts = new WeakMap();
/** @type {Source[]} */
const shaders = [];

/** Notes what pipelines are made of from now on. */
function watchPipelines() {
  const { createShaderModule, createComputePipeline, createComputePipelineAsync } = GPUDevice.prototype;
  const note = (/** @type {GPUComputePipelineDescriptor} */ { compute: { module, constants } }) =>
    shaders.push({ wgsl: texts.get(module) ?? '', constants: { ...constants } });
  GPUDevice.prototype.createShaderModule = function watched(/** @type {GPUShaderModuleDescriptor} */ descriptor) {
    const module = createShaderModule.call(this, descriptor);
    texts.set(module, descriptor.code);
    return module;
  };
  GPUDevice.prototype.createComputePipeline = function watched(/** @type {GPUComputePipelineDescriptor} */ descriptor) {
    note(descriptor);
    return createComputePipeline.call(this, descriptor);
  };
  GPUDevice.prototype.createComputePipelineAsync = function watched(
    /** @type {GPUComputePipelineDescriptor} */ descriptor,
  ) {
    note(descriptor);
    return createComputePipelineAsync.call(this, descriptor);
  };
}

chooseLavapipe();
const gpu = create([]);
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Node' }, configurable: true });
/** @type {Peer} */
const { createProduct } = await importBundled(`${peer}_product.mjs`);
const compute = await createProduct({ rows, columns, inner });
watchPipelines();
await compute();
process.stdout.write(JSON.stringify(shaders), () => process.exit(0));
