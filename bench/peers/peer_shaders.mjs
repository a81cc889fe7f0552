// Prints, as JSON, the shaders that an installed peer passes to WebGPU on this machine to compute a matrix product. Arguments: the peer,
// and the product's rows, columns and inner size.
import { create, globals } from 'webgpu';
import { chooseLavapipe } from '../../scripts/browsers/dawn.mjs';
import { importBundled } from './bundle.mjs';

/** @typedef {import('../isa/print_spirv.mjs').Source} Source */
/** @typedef {{ createProduct: (sizes: { rows: number, columns: number, inner: number }) => Promise<() => Promise<unknown>> }} Peer */

const [peer = '', ...sizes] = process.argv.slice(2);
const [rows = 0, columns = 0, inner = 0] = sizes.map(Number);

chooseLavapipe();
const gpu = create([]);
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Node' }, configurable: true });
/** @type {Peer} */
const { createProduct } = await importBundled(`${peer}_product.mjs`);
const compute = await createProduct({ rows, columns, inner });
const shaders = recordShaders();
await compute();
process.stdout.write(JSON.stringify(shaders), () => process.exit(0));

/**
 * Starts to record the shaders of all pipelines that are created from now on.
 * @returns {readonly Source[]} grows by one shader with each new pipeline
 */
function recordShaders() {
  /** @type {WeakMap<GPUShaderModule, string>} */
  const texts = new WeakMap();
  /** @type {Source[]} */
  const shaders = [];
  const { createShaderModule, createComputePipeline, createComputePipelineAsync } = GPUDevice.prototype;
  const record = (/** @type {GPUComputePipelineDescriptor} */ { compute: { module, constants } }) =>
    shaders.push({ wgsl: texts.get(module) ?? '', constants: { ...constants } });
  GPUDevice.prototype.createShaderModule = function recorded(/** @type {GPUShaderModuleDescriptor} */ descriptor) {
    const module = createShaderModule.call(this, descriptor);
    texts.set(module, descriptor.code);
    return module;
  };
  GPUDevice.prototype.createComputePipeline = function recorded(
    /** @type {GPUComputePipelineDescriptor} */ descriptor,
  ) {
    record(descriptor);
    return createComputePipeline.call(this, descriptor);
  };
  GPUDevice.prototype.createComputePipelineAsync = function recorded(
    /** @type {GPUComputePipelineDescriptor} */ descriptor,
  ) {
    record(descriptor);
    return createComputePipelineAsync.call(this, descriptor);
  };
  return shaders;
}
