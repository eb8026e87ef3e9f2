import gpuModule from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import gpuBinary from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import wasmModule from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasmBinary from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import type * as ORT from "onnxruntime-web/wasm";

export type Runtime = typeof ORT;

export interface OpenDecoder {
  readonly provider: "webgpu" | "wasm";
  readonly ort: Runtime;
  readonly session: ORT.InferenceSession;
}

/** A graphics processor that is more than a program imitating one. */
async function hasGPU(): Promise<boolean> {
  const { gpu } = navigator as {
    gpu?: { requestAdapter: () => Promise<{ info?: { isFallbackAdapter?: boolean } } | null> };
  };
  if (gpu === undefined) return false;
  const adapter = await gpu.requestAdapter().catch(() => null);
  return adapter !== null && adapter.info?.isFallbackAdapter !== true;
}

/** Everything is served by us: the runtime must not look for its files elsewhere. */
function settle(ort: Runtime, files: { mjs: string; wasm: string }, threads: number): void {
  const here = (url: string) => new URL(url, self.location.href).href;
  ort.env.wasm.wasmPaths = { mjs: here(files.mjs), wasm: here(files.wasm) };
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
}

async function onGPU(decoder: ArrayBuffer): Promise<OpenDecoder> {
  const ort = (await import("onnxruntime-web/webgpu")) as unknown as Runtime;
  settle(ort, { mjs: gpuModule, wasm: gpuBinary }, 1);
  const session = await ort.InferenceSession.create(decoder, { executionProviders: ["webgpu"] });
  return { provider: "webgpu", ort, session };
}

async function onCPU(decoder: ArrayBuffer, threads: number): Promise<OpenDecoder> {
  const ort = await import("onnxruntime-web/wasm");
  settle(ort, { mjs: wasmModule, wasm: wasmBinary }, threads);
  const session = await ort.InferenceSession.create(decoder, {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
  return { provider: "wasm", ort, session };
}

/** The decoder on the graphics processor where there is one, else in WebAssembly. */
export async function openDecoder(decoder: ArrayBuffer, threads: number): Promise<OpenDecoder> {
  if (await hasGPU()) {
    try {
      return await onGPU(decoder.slice(0));
    } catch {
      // A driver that cannot run the decoder is no reason to do without: the processor can.
    }
  }
  return onCPU(decoder, threads);
}
